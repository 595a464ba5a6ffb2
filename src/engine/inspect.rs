//! What people and the runner may know of an execution.

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::name::Name;
use crate::base::value::{Map, Value};
use crate::engine::event::{BoundPlan, Failure, Hold, Started, UnitId, Work};
use crate::engine::execution::Execution;
use crate::engine::render::is_loop_action;
use crate::engine::state::{Control, Pause, Unit};
use crate::engine::status::{ExecutionStatus, TaskStatus, WaitReason};
use crate::template::model::Template;
use crate::template::output::Reads;

impl Execution {
    /// Returns the status.
    pub fn status(&self) -> ExecutionStatus {
        match self.state.control {
            Control::New => ExecutionStatus::Queued,
            Control::Paused(_, Pause::Held) => match self.state.hold() {
                Some(Hold::Turn { .. }) | None => ExecutionStatus::Queued,
                Some(Hold::Blackout { .. }) => ExecutionStatus::Waiting,
            },
            Control::Ended(status) => status,
            Control::Failed(_) | Control::Paused(..) => ExecutionStatus::Waiting,
            Control::Next(_) | Control::Finish => ExecutionStatus::Running,
            Control::At(place) => match self.task_status(place) {
                TaskStatus::Waiting | TaskStatus::Unknown => ExecutionStatus::Waiting,
                _ => ExecutionStatus::Running,
            },
        }
    }

    /// Returns the message: the first failure's, as soon as there is one; empty before.
    pub fn message(&self) -> String {
        match self.state.control {
            Control::Ended(_) => self.state.message.clone(),
            _ => self
                .first_failure()
                .map(ToString::to_string)
                .unwrap_or_default(),
        }
    }

    /// Returns what is read of the answer to the call of a unit; `None` if that is not known before.
    pub fn reads(&self, unit: UnitId) -> Option<Reads> {
        let task = self.state.template.tasks.get(unit.task as usize)?;
        match &*self.state.unit(unit)?.work {
            Work::Call { .. } if !is_loop_action(task) => Reads::of(task),
            _ => None,
        }
    }

    /// Returns the first failure of a critical task that nobody has taken back.
    pub fn first_failure(&self) -> Option<&Failure> {
        self.state.first_failure()
    }

    /// Returns what the execution waits for, each reason once; empty unless it is `Waiting`.
    pub fn wait_reasons(&self) -> Vec<WaitReason> {
        let mut reasons = Vec::new();
        match self.state.control {
            Control::Failed(_) | Control::Paused(_, Pause::Failure) => {
                reasons.push(WaitReason::Failure);
            }
            Control::Paused(_, Pause::Debug) => reasons.push(WaitReason::Debug),
            Control::Paused(_, Pause::Held) => {
                reasons.extend(self.state.hold().map(Hold::wait_reason));
            }
            Control::At(_) if self.status() == ExecutionStatus::Waiting => {
                let task = self.state.current().map(|(_, task)| task);
                let units = task.into_iter().flat_map(|task| task.units.values());
                let plan = self.state.plan.as_ref();
                for reason in units.filter_map(|unit: &Unit| unit.wait_reason(plan)) {
                    if !reasons.contains(&reason) {
                        reasons.push(reason);
                    }
                }
                let looping = task.and_then(|task| task.looping.as_ref());
                if let Some(looping) = looping.filter(|looping| looping.paused) {
                    reasons.push(WaitReason::BatchPause {
                        batch: looping.ended,
                    });
                }
            }
            _ => {}
        }
        reasons
    }

    /// Returns the names of the tasks at work or waited for.
    pub fn current_tasks(&self) -> Vec<&Name> {
        match self.state.control {
            Control::At(place) | Control::Failed(place) | Control::Paused(place, _) => {
                self.task_name(place).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the status of the task at a place of the template.
    pub fn task_status(&self, place: u32) -> TaskStatus {
        self.state
            .tasks
            .get(place as usize)
            .map_or(TaskStatus::Pending, |task| task.shown_status())
    }

    /// Returns the name of the task at a place of the template.
    pub fn task_name(&self, place: u32) -> Option<&Name> {
        self.state.task_name(place)
    }

    /// Returns the outputs of the task at a place of the template; empty unless it ended well.
    pub fn task_outputs(&self, place: u32) -> Option<&Map> {
        self.state
            .tasks
            .get(place as usize)
            .map(|task| &*task.outputs)
    }

    /// Returns the template.
    pub fn template(&self) -> &Template {
        &self.state.template
    }

    /// Returns what the execution was started with; `None` before its first event.
    pub fn started(&self) -> Option<&Started> {
        self.state.started.as_deref()
    }

    /// Returns the id; `None` before the first event.
    pub fn id(&self) -> Option<&ExecutionId> {
        self.started().map(|started| &started.id)
    }

    /// Returns the plan of the moment; `None` if the run is bound to none.
    pub fn plan(&self) -> Option<&Digest> {
        self.state.plan.as_ref()
    }

    /// Returns the plan that the child execution of `unit` is bound to, if this one is bound.
    pub fn child_plan(&self, unit: UnitId) -> Option<BoundPlan> {
        self.state.child_plan(unit)
    }

    /// Returns the template's outputs; empty before the end.
    pub fn outputs(&self) -> &Map {
        &self.state.outputs
    }

    /// Returns every value that must not be shown; see [`Started::secrets`].
    pub fn secrets(&self) -> Vec<Value> {
        let started = self.started().into_iter();
        started.flat_map(Started::secrets).cloned().collect()
    }

    /// Tells whether the task at work is being ended.
    pub fn is_stopping(&self) -> bool {
        let current = self.state.current();
        current.is_some_and(|(_, task)| task.stopping.is_some())
    }

    /// Tells whether the execution is being cancelled.
    pub fn is_cancelling(&self) -> bool {
        self.state.cancelled && !self.status().is_final()
    }
}
