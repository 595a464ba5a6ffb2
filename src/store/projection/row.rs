//! The rows that listings are made of.

use std::collections::BTreeMap;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::engine::event::Started;
use crate::engine::status::{ExecutionStatus, Mode, SafetyCheck, TaskStatus, WaitReason};
use crate::store::view::{ExecutionView, LoopCounts, TaskView};

/// The small part of an execution, rewritten with every event.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct ExecutionRow {
    pub(crate) template_name: String,
    pub(crate) template_version: Option<String>,
    pub(crate) status: ExecutionStatus,
    pub(crate) message: String,
    pub(crate) waiting: Option<WaitReason>,
    pub(crate) mode: Mode,
    pub(crate) safety_check: SafetyCheck,
    pub(crate) role: Option<String>,
    /// The plan of the moment, if the run is bound to one.
    pub(crate) plan: Option<Digest>,
    pub(crate) self_approval: bool,
    pub(crate) user: String,
    /// The execution whose trigger fired it.
    pub(crate) fired_by: Option<ExecutionId>,
    pub(crate) started: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) ended: Option<Timestamp>,
}

impl ExecutionRow {
    /// Makes the row of an execution that was accepted at `at`.
    pub(super) fn begin(started: &Started, at: Timestamp) -> Self {
        Self {
            template_name: started.template_name.clone(),
            template_version: started.template_version.clone(),
            status: ExecutionStatus::Running,
            message: String::new(),
            waiting: None,
            mode: started.mode,
            safety_check: started.safety_check,
            role: started.role.clone(),
            plan: started.plan.as_ref().map(|plan| plan.digest.clone()),
            self_approval: started.self_approval,
            user: started.user.clone(),
            fired_by: started.fired.as_ref().map(|firing| firing.trigger.clone()),
            started: moment(at),
            updated: moment(at),
            ended: None,
        }
    }
}

/// Listings keep microseconds: the finest that a table column holds over the whole calendar.
pub(crate) fn moment(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// The part of an execution that may be large, written at its start and at its end.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct DetailRow {
    pub(crate) parameters: Map,
    pub(crate) outputs: Map,
    pub(crate) description: String,
    pub(crate) tags: BTreeMap<String, String>,
}

/// Which row of an execution: a task, or one item of a task that loops.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Place {
    pub(crate) task: u32,
    pub(crate) item: Option<u32>,
}

/// A task or a loop item, latest attempt.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct TaskRow {
    pub(crate) name: String,
    pub(crate) action: String,
    pub(crate) status: TaskStatus,
    pub(crate) message: String,
    pub(crate) waiting: Option<WaitReason>,
    pub(crate) properties: Value,
    pub(crate) outputs: Map,
    pub(crate) counts: Option<LoopCounts>,
    /// How many of `counts.running` wait for someone.
    pub(crate) waiting_items: u32,
    pub(crate) attempt: u32,
    pub(crate) child: Option<ExecutionId>,
    /// Position of the event that began it: the order of tasks in listings.
    pub(crate) begun: Option<u64>,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
}

impl TaskRow {
    /// Makes the row of a task whose turn has not come.
    pub(crate) fn pending(name: &str, action: &str) -> Self {
        Self {
            name: name.to_owned(),
            action: action.to_owned(),
            status: TaskStatus::Pending,
            message: String::new(),
            waiting: None,
            properties: Value::Null,
            outputs: Map::new(),
            counts: None,
            waiting_items: 0,
            attempt: 1,
            child: None,
            begun: None,
            started: None,
            ended: None,
        }
    }

    /// Returns the row as listings show it.
    pub(crate) fn view(
        self,
        execution: &ExecutionId,
        place: Place,
        loop_item: Option<Value>,
    ) -> TaskView {
        let suffix = place.item.map(|i| format!("#{i}")).unwrap_or_default();
        TaskView {
            task_execution_id: format!("{execution}.t{:04}{suffix}", place.task),
            execution_id: execution.clone(),
            task_name: self.name,
            task_action: self.action,
            status: self.status,
            status_message: self.message,
            properties: self.properties,
            outputs: self.outputs,
            loop_item,
            loop_index: place.item,
            loop_counts: self.counts,
            attempt: self.attempt,
            child_execution_id: self.child,
            start_date: self.started,
            end_date: self.ended,
        }
    }
}

/// Returns an execution as listings show it.
pub(crate) fn execution_view(
    id: &ExecutionId,
    row: ExecutionRow,
    detail: DetailRow,
    counters: BTreeMap<String, u64>,
    current_tasks: Vec<String>,
) -> ExecutionView {
    ExecutionView {
        execution_id: id.clone(),
        template_name: row.template_name,
        template_version: row.template_version,
        status: row.status,
        status_message: row.message,
        waiting_status: row.waiting,
        mode: row.mode,
        safety_check: row.safety_check,
        parameters: detail.parameters,
        outputs: detail.outputs,
        ram_role: row.role,
        plan: row.plan,
        self_approval: row.self_approval,
        executed_by: row.user,
        start_date: row.started,
        update_date: row.updated,
        end_date: row.ended,
        parent_execution_id: id.parent().or(row.fired_by),
        description: detail.description,
        tags: detail.tags,
        counters,
        current_tasks,
    }
}

/// Tells whether a task with this status is at work or waits.
pub(crate) fn is_current(status: TaskStatus) -> bool {
    status != TaskStatus::Pending && !status.is_final()
}
