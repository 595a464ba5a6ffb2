//! Read models: what listings and pages show. Field names are OOS's own.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use serde::Serialize;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::output::Channel;
use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::engine::event::Event;
use crate::engine::status::{ExecutionStatus, Mode, SafetyCheck, TaskStatus, WaitReason};
use crate::store::StoreError;

/// An execution as `oos show` and `ListExecutions` tell it. Secrets are masked.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExecutionView {
    /// Its id.
    pub execution_id: ExecutionId,
    /// The template's name.
    pub template_name: String,
    /// The template's version.
    pub template_version: Option<String>,
    /// Its status.
    pub status: ExecutionStatus,
    /// Why it failed, in words.
    pub status_message: String,
    /// What it waits for.
    pub waiting_status: Option<WaitReason>,
    /// How tasks are treated.
    pub mode: Mode,
    /// Whether high-risk calls wait.
    pub safety_check: SafetyCheck,
    /// The bound parameters.
    pub parameters: Map,
    /// The outputs, once ended.
    pub outputs: Map,
    /// The effective role.
    pub ram_role: Option<String>,
    /// The plan that it is bound to at the moment: what approvals are given for.
    pub plan: Option<Digest>,
    /// Whether the person who started it may approve it, too.
    pub self_approval: bool,
    /// Who started it.
    pub executed_by: String,
    /// When it was accepted.
    pub start_date: Timestamp,
    /// When something last happened.
    pub update_date: Timestamp,
    /// When it ended.
    pub end_date: Option<Timestamp>,
    /// The execution that started it.
    pub parent_execution_id: Option<ExecutionId>,
    /// Its description.
    pub description: String,
    /// Its labels.
    pub tags: BTreeMap<String, String>,
    /// How many tasks of the template have which status.
    pub counters: BTreeMap<String, u64>,
    /// Names of the tasks at work or waiting.
    pub current_tasks: Vec<String>,
}

/// A task or a loop item of an execution, latest attempt.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskView {
    /// `ID.tNNNN`, and `#ITEM` for a loop item.
    pub task_execution_id: String,
    /// The execution.
    pub execution_id: ExecutionId,
    /// The task's name.
    pub task_name: String,
    /// Its action.
    pub task_action: String,
    /// Its status.
    pub status: TaskStatus,
    /// Why it failed, in words.
    pub status_message: String,
    /// What it ran with.
    pub properties: Value,
    /// Its outputs.
    pub outputs: Map,
    /// The loop item, for an item.
    pub loop_item: Option<Value>,
    /// Place of the item in the loop, for an item.
    pub loop_index: Option<u32>,
    /// Items in the loop, for a task that loops: all, ended well, failed, running.
    #[serde(rename = "Loop")]
    pub loop_counts: Option<LoopCounts>,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The child execution, if it is one.
    pub child_execution_id: Option<ExecutionId>,
    /// When it began.
    pub start_date: Option<Timestamp>,
    /// When it ended.
    pub end_date: Option<Timestamp>,
}

/// Progress of a loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoopCounts {
    /// All items.
    pub total: u32,
    /// Ended well.
    pub success: u32,
    /// Failed.
    pub failed: u32,
    /// At work.
    pub running: u32,
    /// Not run, because `When` was false or a person skipped them.
    pub skipped: u32,
}

/// Which executions to list; unset fields do not restrict. Newest first.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ExecutionFilter {
    /// Only ids that begin so.
    pub id_prefix: Option<String>,
    /// Only this template, ignoring case.
    pub template_name: Option<String>,
    /// Only these statuses.
    pub statuses: Vec<ExecutionStatus>,
    /// Only those started by.
    pub executed_by: Option<String>,
    /// Only children of.
    pub parent: Option<ExecutionId>,
    /// Children too; otherwise only roots, unless `parent` is set.
    pub include_children: bool,
    /// Only those that carry all these tags.
    pub tags: Vec<(String, String)>,
    /// Only those started at or after.
    pub started_after: Option<Timestamp>,
    /// Only those started before.
    pub started_before: Option<Timestamp>,
    /// Only those older than this one in the order of the list: the last of the page before.
    pub after: Option<ExecutionId>,
    /// At most so many; 0 is the default of 50.
    pub limit: usize,
}

/// Which tasks to list.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TaskFilter {
    /// Only this task, ignoring case.
    pub task_name: Option<String>,
    /// Loop items as well.
    pub include_items: bool,
    /// Only these statuses.
    pub statuses: Vec<TaskStatus>,
    /// Skip so many.
    pub offset: usize,
    /// At most so many; 0 is no limit.
    pub limit: usize,
}

/// A command that was started on an instance, as the time line of the instance shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CommandView {
    /// The instance.
    pub target: String,
    /// The execution whose task started it.
    pub execution_id: ExecutionId,
    /// That execution's template.
    pub template_name: String,
    /// Who started the execution.
    pub executed_by: String,
    /// The task.
    pub task_name: String,
    /// Its action.
    pub task_action: String,
    /// The loop item, for an item.
    pub loop_index: Option<u32>,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What became of it.
    pub status: TaskStatus,
    /// The error code; empty without a failure.
    pub code: String,
    /// The exit code, where it is known.
    pub exit_code: Option<i64>,
    /// When it was started.
    pub start_date: Timestamp,
    /// When it ended.
    pub end_date: Option<Timestamp>,
}

/// Which commands to list.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CommandFilter {
    /// Only those on this instance.
    pub target: String,
    /// Only those started at or after.
    pub since: Option<Timestamp>,
    /// At most so many; 0 is the default of 50.
    pub limit: usize,
}

/// One line of a command's output.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LogLine {
    /// Its number, from 0.
    pub number: u64,
    /// Where it was written to.
    pub channel: Channel,
    /// When it came.
    pub at: Timestamp,
    /// The line without its end; bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// Reads the read models.
#[async_trait]
pub trait Views: Send + Sync + fmt::Debug {
    /// Returns one execution.
    async fn execution(&self, id: &ExecutionId) -> Result<Option<ExecutionView>, StoreError>;

    /// Returns executions.
    async fn executions(&self, filter: &ExecutionFilter) -> Result<Vec<ExecutionView>, StoreError>;

    /// Returns the tasks of an execution in order of start, each followed by its items.
    async fn tasks(
        &self,
        id: &ExecutionId,
        filter: &TaskFilter,
    ) -> Result<Vec<TaskView>, StoreError>;

    /// Returns the items of the loop of a task from number `from` on, at most `limit` of them, also
    /// those whose turn has not come. A page costs the same wherever it begins.
    async fn items(
        &self,
        id: &ExecutionId,
        task_name: &str,
        from: u32,
        limit: u32,
    ) -> Result<Vec<TaskView>, StoreError>;

    /// Returns the commands that were started on an instance, newest first.
    async fn commands(&self, filter: &CommandFilter) -> Result<Vec<CommandView>, StoreError>;

    /// Returns the executions that repeat one, oldest first.
    async fn repeated_by(&self, id: &ExecutionId) -> Result<Vec<ExecutionId>, StoreError>;

    /// Returns events behind position `after`, secrets masked.
    async fn events(
        &self,
        id: &ExecutionId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Event)>, StoreError>;

    /// Waits until something may have changed since the moment that `seen` stands for, and returns
    /// the present moment; 0 stands for the beginning of time. Changes made by other processes are
    /// seen within 100 ms. Cancel-safe.
    async fn changed(&self, seen: u64) -> Result<u64, StoreError>;

    /// Returns the root executions that have not ended, oldest first, but for those that do nothing but
    /// wait for their trigger.
    async fn unfinished(&self) -> Result<Vec<ExecutionId>, StoreError>;
}
