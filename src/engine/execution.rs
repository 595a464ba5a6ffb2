//! An execution as a value: folded from facts, asked what follows from an input, asked what it
//! wants from the world. Nothing here acts or knows the time.

use std::sync::Arc;

use imbl::{OrdSet, Vector};

use crate::base::time::Timestamp;
use crate::base::value::Map;
use crate::engine::apply::{self, IllegalEvent};
use crate::engine::decide;
use crate::engine::effect::{DEADLINE, Effect, EffectKey};
use crate::engine::event::{Event, Failure, Started, UnitId};
use crate::engine::input::{Input, Refused};
use crate::engine::state::{Control, TaskState, Unit};
use crate::template::model::Template;

/// One run of a template. A copy shares everything with its original and costs next to nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct Execution {
    pub(super) template: Arc<Template>,
    pub(super) started: Option<Arc<Started>>,
    pub(super) control: Control,
    pub(super) tasks: Vector<TaskState>,
    /// Failures of critical tasks that nobody has taken back, in the order in which they came.
    pub(super) failures: Vector<(u32, Failure)>,
    /// Whether the execution is being cancelled.
    pub(super) cancelled: bool,
    /// How many child executions have been named.
    pub(super) children: u32,
    pub(super) outputs: Arc<Map>,
    pub(super) message: String,
    /// Demands since [`Execution::take_fresh`] was last asked.
    pub(super) fresh: OrdSet<EffectKey>,
}

impl Execution {
    /// Makes an execution before its first event.
    pub fn new(template: Arc<Template>) -> Self {
        let tasks = template.tasks.iter().map(|_| TaskState::new()).collect();
        Self {
            template,
            started: None,
            control: Control::New,
            tasks,
            failures: Vector::new(),
            cancelled: false,
            children: 0,
            outputs: Arc::default(),
            message: String::new(),
            fresh: OrdSet::new(),
        }
    }

    /// Makes the execution that `events` tell of.
    ///
    /// Fails if they are not what some execution of `template` could have recorded.
    pub fn fold(
        template: Arc<Template>,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<Self, IllegalEvent> {
        let mut execution = Self::new(template);
        for event in events {
            execution.apply(&event)?;
        }
        Ok(execution)
    }

    /// Returns everything that follows from `input` at `now`, up to the point where something must
    /// be waited for. Pure: the same state, input and time give the same events. They are to be
    /// recorded together, then applied in order.
    pub fn decide(&self, input: &Input, now: Timestamp) -> Result<Vec<Event>, Refused> {
        decide::decide(self, input, now)
    }

    /// Folds one fact into the state. Accepts every event that [`Execution::decide`] returned for
    /// this state; after an error the state is unchanged.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalEvent> {
        apply::apply(self, event)
    }

    /// Returns everything that the world owes this execution, derived from state alone.
    pub fn effects(&self) -> impl Iterator<Item = (EffectKey, Effect)> {
        self.effect_keys()
            .filter_map(|key| self.effect(key).map(|effect| (key, effect)))
    }

    /// Returns the effects demanded since the last call; after [`Execution::fold`], all of them.
    ///
    /// What it returns is always a part of [`Execution::effects`]: a demand that was met or taken
    /// back meanwhile is left out. Costs as much as there are new demands.
    pub fn take_fresh(&mut self) -> Vec<(EffectKey, Effect)> {
        std::mem::take(&mut self.fresh)
            .into_iter()
            .filter(|key| self.is_demanded(*key))
            .filter_map(|key| self.effect(key).map(|effect| (key, effect)))
            .collect()
    }

    fn effect_keys(&self) -> impl Iterator<Item = EffectKey> {
        let current = self.current();
        let deadline = current.and_then(|(place, task)| deadline_key(place, task));
        let units = current.into_iter().flat_map(|(place, task)| {
            let stopping = task.stopping.is_some();
            task.units.iter().flat_map(move |(item, unit)| {
                let id = UnitId {
                    task: place,
                    item: *item,
                    attempt: unit.attempt,
                };
                unit.demands(id, stopping)
            })
        });
        deadline.into_iter().chain(units)
    }

    fn is_demanded(&self, key: EffectKey) -> bool {
        let (EffectKey::Call(id, _)
        | EffectKey::Timer(id, _)
        | EffectKey::Child(id)
        | EffectKey::CancelCall(id)
        | EffectKey::CancelChild(id)) = key;
        let Some((place, task)) = self.current() else {
            return false;
        };
        deadline_key(place, task) == Some(key)
            || self.unit(id).is_some_and(|unit| {
                unit.demands(id, task.stopping.is_some())
                    .any(|demand| demand == key)
            })
    }

    fn effect(&self, key: EffectKey) -> Option<Effect> {
        let (EffectKey::Call(id, _)
        | EffectKey::Timer(id, _)
        | EffectKey::Child(id)
        | EffectKey::CancelCall(id)
        | EffectKey::CancelChild(id)) = key;
        if let EffectKey::Timer(_, DEADLINE) = key {
            let at = self.tasks.get(id.task as usize)?.deadline?;
            return Some(Effect::Timer { at });
        }
        let name = &self.template.tasks.get(id.task as usize)?.name.value;
        self.unit(id)?.effect(key, name.as_str())
    }

    /// Returns the task at work with its place.
    pub(super) fn current(&self) -> Option<(u32, &TaskState)> {
        match self.control {
            Control::At(place) => Some((place, self.tasks.get(place as usize)?)),
            _ => None,
        }
    }

    /// Returns the unit of that id, if it is at work.
    pub(super) fn unit(&self, id: UnitId) -> Option<&Unit> {
        let (place, task) = self.current()?;
        let unit = task.units.get(&id.item)?;
        (place == id.task && unit.attempt == id.attempt).then_some(unit)
    }
}

/// Returns the key of the timer that ends the task's time, while it runs.
pub(super) fn deadline_key(place: u32, task: &TaskState) -> Option<EffectKey> {
    let runs = task.deadline.is_some() && task.stopping.is_none();
    runs.then_some(EffectKey::Timer(
        UnitId {
            task: place,
            item: None,
            attempt: task.attempt,
        },
        DEADLINE,
    ))
}
