//! What is known of one API: name, parameters, who serves it, what may be done after a crash.

use futures_util::future::BoxFuture;

use crate::action::ApiSpec;
use crate::base::call::{CallFault, Recovery};
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
    /// Says how something is to be: doing it twice is doing it once, so nothing is remembered.
    Sets,
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
    /// Serves it.
    pub(in crate::provider::local) handler: Handler,
}

impl Api {
    /// Returns what plans and the engine need to know. Every API may be called again with the same
    /// client token: changes are remembered under it, or come to the same.
    pub fn spec(&self) -> ApiSpec {
        ApiSpec {
            service: self.service.to_owned(),
            api: self.name.to_owned(),
            recovery: Recovery::Idempotent,
        }
    }
}
