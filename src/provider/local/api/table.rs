//! The table of APIs that are served.

use crate::provider::local::api::entry::Api;
use crate::provider::local::api::{
    assistant, command, disk, file, image, instance, invocation, launch, modify, power, region,
    resource_tag, snapshot, tag_service,
};

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
