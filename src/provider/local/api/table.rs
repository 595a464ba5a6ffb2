//! The table of APIs that are served: name, parameters, and what may be done after a crash.

use futures_util::future::BoxFuture;

use crate::action::ApiSpec;
use crate::base::call::{CallFault, Recovery};
use crate::provider::local::api::{
    assistant, command, disk, file, image, instance, invocation, launch, modify, power, region,
    resource_tag, snapshot, tag_service,
};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::request::Request;

/// Serves one API.
pub(in crate::provider::local) type Handler =
    for<'a> fn(&'a LocalCloud, &'a Request<'a>) -> BoxFuture<'a, Result<Reply, CallFault>>;

/// Whether an API changes anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Answers only.
    Reads,
    /// Changes something; its answer is remembered under the client token.
    Changes,
}

/// One API of the local cloud.
#[derive(Debug)]
pub struct Api {
    /// The product code.
    pub service: &'static str,
    /// The operation.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The parameters that have an effect, besides `RegionId`, `ClientToken` and paging.
    pub parameters: &'static [&'static str],
    /// Whether it changes anything.
    pub kind: Kind,
    pub(in crate::provider::local) handler: Handler,
}

impl Api {
    /// Returns what plans and the engine need to know. Every API may be called again with the same
    /// client token: changes are remembered under it.
    pub fn spec(&self) -> ApiSpec {
        ApiSpec {
            service: self.service.to_owned(),
            api: self.name.to_owned(),
            recovery: Recovery::Idempotent,
        }
    }
}

/// Returns all APIs that the local cloud serves.
pub fn served() -> impl Iterator<Item = &'static Api> {
    [
        region::APIS,
        launch::APIS,
        instance::APIS,
        power::APIS,
        modify::APIS,
        image::APIS,
        snapshot::APIS,
        disk::APIS,
        command::APIS,
        invocation::APIS,
        file::APIS,
        assistant::APIS,
        resource_tag::APIS,
        tag_service::APIS,
    ]
    .into_iter()
    .flatten()
}

/// Returns the API called `name` of `service`, ignoring case.
pub(in crate::provider::local) fn find(service: &str, name: &str) -> Option<&'static Api> {
    served().find(|api| {
        api.service.eq_ignore_ascii_case(service) && api.name.eq_ignore_ascii_case(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_api_is_listed_twice() {
        let mut seen = BTreeSet::new();
        for api in served() {
            let name = format!("{}.{}", api.service, api.name).to_ascii_lowercase();
            assert!(seen.insert(name.clone()), "{name}");
        }
    }

    #[test]
    fn apis_are_found_in_any_case() {
        assert_eq!(
            find("ecs", "describeinstances").unwrap().name,
            "DescribeInstances"
        );
        assert!(find("ECS", "DescribeVpcs").is_none());
    }
}
