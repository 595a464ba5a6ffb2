//! How units and tasks end.

use serde::{Deserialize, Serialize};

use crate::base::call::CallFault;
use crate::base::failure::{FailureClass, code};
use crate::base::value::Map;

/// How a unit or task ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "status")]
pub enum End {
    /// Well.
    Success {
        /// Outputs by name.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        outputs: Map,
    },
    /// With a failure.
    Failed {
        /// Which.
        failure: Failure,
        /// Outputs that could be had all the same.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        outputs: Map,
    },
    /// Cancelled or rejected.
    Cancelled {
        /// What was ended and what survived, in words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        report: String,
    },
    /// It was passed over.
    Skipped {
        /// Why, if its target could not be reached; otherwise `When` was false or a person said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Failure>,
    },
    /// The target of a loop item could not be reached: it is tried again after the others.
    Deferred {
        /// What came of this time.
        failure: Failure,
    },
}

impl End {
    /// Skipped, because `When` was false or a person said so.
    pub const SKIPPED: Self = Self::Skipped { reason: None };

    /// Makes the end of a failure without outputs.
    pub fn failed(failure: Failure) -> Self {
        Self::Failed {
            failure,
            outputs: Map::new(),
        }
    }
}

/// A failure: code and message as `StatusMessage` shows them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Failure {
    /// A vendor's error code, or one of ours (`Timeout`, `RetriesExhausted`, `Evaluation`, ...).
    pub code: String,
    /// In words.
    pub message: String,
}

impl Failure {
    /// Makes a failure.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }

    /// Returns what kind of failure it is. It follows from the code, which child executions hand on.
    pub fn class(&self) -> FailureClass {
        FailureClass::of_code(&self.code)
    }
}

impl From<CallFault> for Failure {
    fn from(fault: CallFault) -> Self {
        match fault {
            CallFault::Api(error) => Self {
                code: error.code,
                message: error.message,
            },
            CallFault::Unreachable { reason } => Self {
                code: code::NO_ANSWER.into(),
                message: reason,
            },
            CallFault::Unknown { reason } => Self {
                code: code::UNKNOWN.into(),
                message: reason,
            },
            CallFault::Storage { reason } => Self {
                code: "Storage".into(),
                message: reason,
            },
            CallFault::Cancelled { report } => Self {
                code: "Cancelled".into(),
                message: report,
            },
        }
    }
}

/// Why a task at work is being ended before it is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum StopCause {
    /// A person cancelled the task or the execution.
    Cancelled,
    /// The task's time is up.
    Timeout,
}
