//! Values of options as people type them.

use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::engine::status::{ExecutionStatus, LoopMode, Mode, SafetyCheck, TaskStatus};
use crate::runner::report::Normal;

/// Names an execution.
#[derive(Debug, Args)]
pub(super) struct ExecutionArgument {
    /// The execution: an id, a unique beginning of one, or @last
    #[arg(value_name = "ID")]
    pub(super) id: String,
}

/// What outputs are made equal by before they are compared.
#[derive(Debug, Args)]
pub(super) struct NormalizeArguments {
    /// Take outputs for equal that differ only in these
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    normalize: Vec<NormalizeWord>,
}

/// Something in which outputs are bound to differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum NormalizeWord {
    /// Numbers.
    Numbers,
    /// Times and dates.
    Times,
    /// The host's own name.
    Host,
}

impl NormalizeArguments {
    /// Returns what is made equal.
    pub(super) fn normal(&self) -> Normal {
        let has = |word| self.normalize.contains(&word);
        Normal {
            numbers: has(NormalizeWord::Numbers),
            times: has(NormalizeWord::Times),
            host: has(NormalizeWord::Host),
        }
    }
}

/// A label `KEY=VALUE`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Tag {
    /// The key.
    pub(super) key: String,
    /// The value.
    pub(super) value: String,
}

impl FromStr for Tag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("expected KEY=VALUE".to_owned()),
        }
    }
}

/// A status of executions as people type it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum ExecutionStatusWord {
    /// Waits for capacity.
    Queued,
    /// Works.
    Running,
    /// Waits for someone or something.
    Waiting,
    /// Ended well.
    Success,
    /// Ended with a failed task.
    Failed,
    /// Cancelled or rejected.
    Cancelled,
}

impl From<ExecutionStatusWord> for ExecutionStatus {
    fn from(word: ExecutionStatusWord) -> Self {
        match word {
            ExecutionStatusWord::Queued => Self::Queued,
            ExecutionStatusWord::Running => Self::Running,
            ExecutionStatusWord::Waiting => Self::Waiting,
            ExecutionStatusWord::Success => Self::Success,
            ExecutionStatusWord::Failed => Self::Failed,
            ExecutionStatusWord::Cancelled => Self::Cancelled,
        }
    }
}

/// A status of tasks as people type it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum TaskStatusWord {
    /// Not yet its turn.
    Pending,
    /// Works.
    Running,
    /// Waits for someone or something.
    Waiting,
    /// The outcome of a call is unknown.
    Unknown,
    /// Ended well.
    Success,
    /// Failed.
    Failed,
    /// Cancelled.
    Cancelled,
    /// Not run.
    Skipped,
}

impl From<TaskStatusWord> for TaskStatus {
    fn from(word: TaskStatusWord) -> Self {
        match word {
            TaskStatusWord::Pending => Self::Pending,
            TaskStatusWord::Running => Self::Running,
            TaskStatusWord::Waiting => Self::Waiting,
            TaskStatusWord::Unknown => Self::Unknown,
            TaskStatusWord::Success => Self::Success,
            TaskStatusWord::Failed => Self::Failed,
            TaskStatusWord::Cancelled => Self::Cancelled,
            TaskStatusWord::Skipped => Self::Skipped,
        }
    }
}

/// How tasks are treated, as people type it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum ModeWord {
    /// Run to the end.
    Automatic,
    /// Wait for a person when a task fails.
    FailurePause,
    /// Wait for a person before every task.
    Debug,
}

/// When loops pause, as people type it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum LoopModeWord {
    /// As the template says.
    Automatic,
    /// After the first batch.
    FirstBatchPause,
    /// After every batch.
    EveryBatchPause,
}

/// What comes of high-risk calls, as people type it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum SafetyCheckWord {
    /// They run through.
    Skip,
    /// Each waits until it is confirmed.
    Confirm,
}

impl From<ModeWord> for Mode {
    fn from(word: ModeWord) -> Self {
        match word {
            ModeWord::Automatic => Self::Automatic,
            ModeWord::FailurePause => Self::FailurePause,
            ModeWord::Debug => Self::Debug,
        }
    }
}

impl From<LoopModeWord> for LoopMode {
    fn from(word: LoopModeWord) -> Self {
        match word {
            LoopModeWord::Automatic => Self::Automatic,
            LoopModeWord::FirstBatchPause => Self::FirstBatchPause,
            LoopModeWord::EveryBatchPause => Self::EveryBatchPause,
        }
    }
}

impl From<SafetyCheckWord> for SafetyCheck {
    fn from(word: SafetyCheckWord) -> Self {
        match word {
            SafetyCheckWord::Skip => Self::Skip,
            SafetyCheckWord::Confirm => Self::ConfirmEveryHighRiskAction,
        }
    }
}
