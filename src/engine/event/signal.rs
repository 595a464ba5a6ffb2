//! What people say to an execution (language reference 6.4).

use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::value::Map;
use crate::engine::status::ExecutionStatus;

/// What a person says to an execution (language reference 6.4).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Signal {
    /// Who says it.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What.
    pub request: Request,
    /// The plan that was looked at, for an approval: it is good for no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Digest>,
    /// Its number in the mailbox, if it came through one: what is recorded is not heard again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
}

/// The things a person can ask for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Request {
    /// Approve an approval, a pause, a high-risk call or the next batch.
    Approve {
        /// Which task; needed when several wait.
        #[serde(default)]
        task: Option<String>,
    },
    /// Reject any of those: the execution is cancelled.
    Reject {
        /// Which task; needed when several wait.
        #[serde(default)]
        task: Option<String>,
    },
    /// Run a task: in mode Debug the next or another, after a failure another.
    ExecuteTask {
        /// Which.
        task: String,
        /// Properties in place of the template's, key by key.
        #[serde(default)]
        parameters: Option<Map>,
    },
    /// Run the failed or unknown task again.
    RetryTask {
        /// Which; the failed one when not given.
        #[serde(default)]
        task: Option<String>,
        /// Properties in place of the template's, key by key.
        #[serde(default)]
        parameters: Option<Map>,
    },
    /// Take the failed or unknown task as skipped and go on.
    SkipTask {
        /// Which; the failed one when not given.
        #[serde(default)]
        task: Option<String>,
    },
    /// End a running or unknown task as cancelled.
    CancelTask {
        /// Which.
        task: String,
    },
    /// End the paused execution with a status.
    CompleteExecution {
        /// One of the final statuses.
        status: ExecutionStatus,
    },
    /// Cancel the execution.
    Cancel,
    /// Pause the trigger: it fires nothing until it is resumed.
    PauseTrigger,
    /// Let the paused trigger go on.
    ResumeTrigger,
}
