//! The trait of triggers: which wait to be fired, and what became of their times.

use std::fmt;

use async_trait::async_trait;
use serde::Serialize;

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::Map;
use crate::engine::event::{PassCause, TriggerKind};
use crate::engine::status::ExecutionStatus;
use crate::store::{Seq, StoreError};

/// A trigger: the execution that waits for it to be fired. Secrets are masked.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TriggerView {
    /// The execution.
    pub execution_id: ExecutionId,
    /// Its template.
    pub template_name: String,
    /// What fires it.
    pub trigger_type: TriggerKind,
    /// The properties of the trigger's task.
    pub settings: Map,
    /// The status of the execution.
    pub status: ExecutionStatus,
    /// Whether a person has paused it.
    pub paused: bool,
    /// When a person last let it go on.
    pub resumed: Option<Timestamp>,
    /// When its settings were last changed.
    pub renewed: Option<Timestamp>,
    /// When it began to wait.
    pub start_date: Timestamp,
    /// The last nominal time that something became of: none at or before it starts anything.
    pub handled: Option<Timestamp>,
    /// Who started the execution.
    pub executed_by: String,
    /// How many events its journal holds: what was read of it is in force as long as this is the same.
    #[serde(skip)]
    pub length: Seq,
}

impl TriggerView {
    /// Returns the moment up to which something became of every time of its schedule.
    pub fn settled(&self) -> Timestamp {
        let handled = self.handled.unwrap_or(self.start_date);
        self.renewed.map_or(handled, |renewed| renewed.max(handled))
    }
}

/// What people change of a trigger while it waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TriggerMark {
    /// The execution.
    pub execution_id: ExecutionId,
    /// What fires it.
    pub trigger_type: TriggerKind,
    /// Whether a person has paused it.
    pub paused: bool,
    /// When a person last let it go on.
    pub resumed: Option<Timestamp>,
    /// When its settings were last changed.
    pub renewed: Option<Timestamp>,
}

/// What became of one or more times of a trigger, or what else fired it.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FiringView {
    /// The execution whose trigger it is.
    pub trigger: ExecutionId,
    /// When it was decided.
    pub date: Timestamp,
    /// The first nominal time; nothing if it was not fired by the clock.
    pub nominal_time: Option<Timestamp>,
    /// The last nominal time of several that are told together.
    pub until_time: Option<Timestamp>,
    /// How many times these are.
    pub count: u64,
    /// Why nothing was started.
    pub cause: Option<PassCause>,
    /// More about it, in words.
    pub note: String,
    /// What was started.
    pub execution_id: Option<ExecutionId>,
    /// Its status.
    pub status: Option<ExecutionStatus>,
}

/// Triggers and what became of their times. All of it is folded from journals: what a trigger starts
/// tells of its firing, and the trigger's own journal of the times that started nothing.
///
/// [`append`](crate::store::Journal::append) refuses the start of an execution, with
/// [`StoreError::Passed`], whose nominal time is not behind every other that something became of. So
/// one nominal time starts at most one execution, whoever fires it.
#[async_trait]
pub trait Triggers: Send + Sync + fmt::Debug {
    /// Returns the triggers whose executions have not ended, oldest first; with `ended`, the others
    /// as well.
    async fn triggers(&self, ended: bool) -> Result<Vec<TriggerView>, StoreError>;

    /// Returns the marks of the triggers whose executions have not ended: what it takes to notice a change
    /// among ten thousand.
    async fn marks(&self) -> Result<Vec<TriggerMark>, StoreError>;

    /// Returns one trigger.
    async fn trigger(&self, id: &ExecutionId) -> Result<Option<TriggerView>, StoreError>;

    /// Returns what became of the times of a trigger, newest first, at most `limit`.
    async fn firings(&self, id: &ExecutionId, limit: usize) -> Result<Vec<FiringView>, StoreError>;

    /// Returns what a trigger has started that has not ended, oldest first.
    async fn running(&self, id: &ExecutionId) -> Result<Vec<ExecutionId>, StoreError>;
}
