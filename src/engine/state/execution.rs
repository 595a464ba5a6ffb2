//! Everything that an execution remembers.

use std::sync::Arc;

use imbl::{OrdSet, Vector};

use crate::base::digest::Digest;
use crate::base::name::Name;
use crate::base::value::Map;
use crate::engine::effect::EffectKey;
use crate::engine::event::{ApprovalTerms, Failure, Started, UnitId};
use crate::engine::state::control::Control;
use crate::engine::state::task::TaskState;
use crate::engine::state::unit::Unit;
use crate::template::model::Template;

/// The state of an execution. A copy shares everything with its original.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::engine) struct State {
    pub template: Arc<Template>,
    pub started: Option<Arc<Started>>,
    pub control: Control,
    /// Shared one by one: a decision changes a copy of one of them, and they are large.
    pub tasks: Vector<Arc<TaskState>>,
    /// Failures of critical tasks that nobody has taken back, in the order in which they came.
    pub failures: Vector<(u32, Failure)>,
    /// Whether the execution is being cancelled.
    pub cancelled: bool,
    /// The plan of this moment, if the run is bound to one.
    pub plan: Option<Digest>,
    /// Who changed the plan.
    pub editors: Vector<String>,
    /// What the latest approval wanted, once it was given.
    pub approved: Option<ApprovalTerms>,
    /// How many child executions have been named.
    pub children: u32,
    /// The template's outputs, once the execution has ended.
    pub outputs: Arc<Map>,
    /// The message that the execution ended with.
    pub message: String,
    /// What was demanded of the world since somebody last asked.
    pub fresh: OrdSet<EffectKey>,
}

impl State {
    /// Makes the state before the first event.
    pub(in crate::engine) fn new(template: Arc<Template>) -> Self {
        let pending = Arc::new(TaskState::new());
        let tasks = template.tasks.iter().map(|_| pending.clone()).collect();
        Self {
            template,
            started: None,
            control: Control::New,
            tasks,
            failures: Vector::new(),
            cancelled: false,
            plan: None,
            editors: Vector::new(),
            approved: None,
            children: 0,
            outputs: Arc::default(),
            message: String::new(),
            fresh: OrdSet::new(),
        }
    }

    /// Returns the task at work with its place.
    pub(in crate::engine) fn current(&self) -> Option<(u32, &TaskState)> {
        match self.control {
            Control::At(place) => Some((place, self.tasks.get(place as usize)?)),
            _ => None,
        }
    }

    /// Returns the unit of that id, if it is at work.
    pub(in crate::engine) fn unit(&self, id: UnitId) -> Option<&Unit> {
        let (place, task) = self.current()?;
        let unit = task.units.get(&id.item)?;
        (place == id.task && unit.attempt == id.attempt).then_some(unit)
    }

    /// Returns the name of the task at a place of the template.
    pub(in crate::engine) fn task_name(&self, place: u32) -> Option<&Name> {
        let task = self.template.tasks.get(place as usize)?;
        Some(&task.name.value)
    }

    /// Returns the first failure of a critical task that nobody has taken back.
    pub(in crate::engine) fn first_failure(&self) -> Option<&Failure> {
        self.failures.front().map(|(_, failure)| failure)
    }
}
