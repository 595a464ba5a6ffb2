//! A task of an execution: what it came to, and what is under way in it.

use std::sync::Arc;

use imbl::OrdMap;

use crate::base::time::Timestamp;
use crate::base::value::Map;
use crate::engine::event::{ApprovalTerms, End, StopCause};
use crate::engine::state::looping::LoopState;
use crate::engine::state::unit::Unit;
use crate::engine::status::TaskStatus;
use crate::template::model::Jump;

/// The state of one task.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::engine) struct TaskState {
    /// `Pending`, `Running` or a final one; what it waits for is told by its units.
    pub status: TaskStatus,
    /// The latest attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// The outputs of the latest attempt that gave some.
    pub outputs: Arc<Map>,
    /// Properties that a person gave in place of the template's.
    pub overrides: Option<Arc<Map>>,
    /// The approvals that it needs again before it goes on.
    pub approval: Option<ApprovalTerms>,
    /// When its time is up.
    pub deadline: Option<Timestamp>,
    /// Why it is being ended.
    pub stopping: Option<StopCause>,
    /// The units at work, by loop item.
    pub units: OrdMap<Option<u32>, Unit>,
    /// How many of the units wait for someone.
    pub waiting: u32,
    /// How many of the units have a call whose outcome is unknown.
    pub lost: u32,
    /// How many of the units wait for their lock.
    pub locking: u32,
    /// How the only unit of a task without a loop ended.
    pub result: Option<Arc<End>>,
    /// Where an `ACS::Choice` goes.
    pub target: Option<Jump>,
    /// The loop; kept after a failure, so that a retry can go on with it.
    pub looping: Option<LoopState>,
}

impl TaskState {
    /// Makes the state of a task whose turn has not come.
    pub(in crate::engine) fn new() -> Self {
        Self {
            status: TaskStatus::Pending,
            attempt: 0,
            outputs: Arc::default(),
            overrides: None,
            approval: None,
            deadline: None,
            stopping: None,
            units: OrdMap::new(),
            waiting: 0,
            lost: 0,
            locking: 0,
            result: None,
            target: None,
            looping: None,
        }
    }

    /// Returns the status that people see. A unit that waits for its lock does not work: it may wait
    /// for one that waits for a person.
    pub(in crate::engine) fn shown_status(&self) -> TaskStatus {
        let working = self.units.len() > (self.waiting + self.lost + self.locking) as usize;
        match self.status {
            TaskStatus::Running if working => TaskStatus::Running,
            TaskStatus::Running if self.lost > 0 => TaskStatus::Unknown,
            TaskStatus::Running if self.waiting > 0 || self.is_between_batches() => {
                TaskStatus::Waiting
            }
            status => status,
        }
    }

    /// Tells whether a person must let the next batch begin.
    pub(in crate::engine) fn is_between_batches(&self) -> bool {
        self.looping.as_ref().is_some_and(|looping| looping.paused)
    }
}
