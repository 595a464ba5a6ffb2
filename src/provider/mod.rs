//! Floor 3: the hands. A provider serves API calls; nothing else opens connections to targets.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::action::{ActionSpec, ApiSpec};
use crate::base::call::{ApiCall, CallFault};
use crate::base::output::{LogKey, OutputSink};
use crate::base::secret::Redactor;
use crate::base::time::Timestamp;
use crate::base::value::Value;
use crate::template::output::Reads;

pub mod conformance;
pub mod fake;
pub mod http;
pub mod inventory;
pub mod local;
pub mod output;
mod paging;
pub mod registry;
pub mod ssh;
pub mod target;

pub use registry::Registry;

/// Serves API calls in the vendor's shapes.
#[async_trait]
pub trait Provider: Send + Sync + fmt::Debug {
    /// Returns what is known of an API, or `None` if this provider does not serve it.
    fn api(&self, service: &str, api: &str) -> Option<ApiSpec>;

    /// Returns all APIs served, for listings and plans.
    fn apis(&self) -> Vec<ApiSpec>;

    /// Returns the product actions that this provider serves itself: they are called as
    /// [`ACTION_SERVICE`](crate::base::call::ACTION_SERVICE) with the action as `api`.
    fn actions(&self) -> Vec<ActionSpec>;

    /// Makes a call and returns its answer.
    ///
    /// After a crash a call that is `Idempotent` or `Resumable` is made again with the same
    /// `client_token` and `context.resumed` set; a resumable call then attaches to what it
    /// started. When `context.cancel` fires, the call ends what it started and answers
    /// [`CallFault::Cancelled`], or with its result if that came first. Not cancel-safe: dropping
    /// the future leaves what it started running, to be attached to later.
    async fn call(&self, call: &ApiCall, context: &CallContext) -> Result<Value, CallFault>;
}

/// What a call may know of where it comes from.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// The time.
    pub now: Timestamp,
    /// The log that command output goes to.
    pub log: LogKey,
    /// Takes the output.
    pub sink: Arc<dyn OutputSink>,
    /// Takes secrets out of what a provider keeps itself; answers are not filtered.
    pub redactor: Redactor,
    /// Fires when the call is to be ended.
    pub cancel: CancellationToken,
    /// Whether the same call may have been made before by a process that died.
    pub resumed: bool,
    /// Who started the execution.
    pub user: String,
    /// What is read of the answer, if that is known: what nobody reads may be left out of it.
    pub reads: Option<Reads>,
}
