//! Statuses, modes and signals in OOS's own words (language reference, section 6).

use serde::{Deserialize, Serialize};

use crate::base::time::Timestamp;
use crate::engine::event::TriggerKind;

/// Status of an execution.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ExecutionStatus {
    /// Waits for capacity.
    Queued,
    /// Works.
    Running,
    /// Waits for someone or something.
    Waiting,
    /// Ended well. Final.
    Success,
    /// Ended with a failed critical task. Final.
    Failed,
    /// Cancelled or rejected. Final.
    Cancelled,
}

impl ExecutionStatus {
    /// Tells whether nothing can change any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Cancelled)
    }

    /// Returns the word that OOS uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Running => "Running",
            Self::Waiting => "Waiting",
            Self::Success => "Success",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// Status of a task or of one loop item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum TaskStatus {
    /// Not yet its turn.
    Pending,
    /// Works.
    Running,
    /// Waits for someone or something.
    Waiting,
    /// The outcome of a call is unknown; a person decides.
    Unknown,
    /// Ended well. Final.
    Success,
    /// Final, unless a person retries it.
    Failed,
    /// Final.
    Cancelled,
    /// `When` was false, or a person skipped it. Final.
    Skipped,
}

impl TaskStatus {
    /// Tells whether the task has ended.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Success | Self::Failed | Self::Cancelled | Self::Skipped
        )
    }

    /// Returns the word that OOS uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Waiting => "Waiting",
            Self::Unknown => "Unknown",
            Self::Success => "Success",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Skipped => "Skipped",
        }
    }
}

/// How an execution treats its tasks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Mode {
    /// Runs to the end.
    #[default]
    Automatic,
    /// Waits for a person when a task fails.
    FailurePause,
    /// Waits for a person before every task.
    Debug,
}

/// Overrides the pauses of all loops.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum LoopMode {
    /// As the template says.
    #[default]
    Automatic,
    /// Waits after the first batch.
    FirstBatchPause,
    /// Waits after every batch.
    EveryBatchPause,
}

/// Whether high-risk calls wait for a person.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum SafetyCheck {
    /// They run through.
    #[default]
    Skip,
    /// Each waits until it is confirmed.
    ConfirmEveryHighRiskAction,
}

/// Why an execution or a task is `Waiting`; `WaitingStatus` of the execution record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum WaitReason {
    /// An approval by `required` of `approvers` (empty: anybody).
    Approval {
        /// Who may decide.
        approvers: Vec<String>,
        /// How many must.
        required: u32,
        /// Who has, for the plan of this moment.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        given: Vec<String>,
    },
    /// `ACS::Pause`.
    Pause,
    /// A high-risk call wants to be confirmed.
    Confirmation {
        /// `Service.Api`.
        api: String,
    },
    /// A batch of a loop has ended.
    BatchPause {
        /// The batch that ended, from 1.
        batch: u32,
    },
    /// A task failed in mode `FailurePause`.
    Failure,
    /// The next task waits for `ExecuteTask` in mode Debug.
    Debug,
    /// The outcome of a call is unknown.
    Unknown {
        /// What is not known, in words.
        reason: String,
    },
    /// A timer.
    Timer,
    /// The next firing of its trigger.
    Trigger {
        /// What fires it.
        trigger: TriggerKind,
        /// Whether a person has paused it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        paused: bool,
    },
    /// Its turn: the execution is `Queued`.
    Turn {
        /// What comes first, in words.
        reason: String,
    },
    /// The end of a blackout, or somebody who overrides it.
    Blackout {
        /// The calendar, and the entry in it.
        calendar: String,
        /// When it is over.
        until: Timestamp,
    },
    /// A child execution waits.
    Child {
        /// The child.
        id: crate::base::id::ExecutionId,
    },
}
