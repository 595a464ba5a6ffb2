//! What an execution wants from the world, derived from its state alone.

use crate::engine::effect::{DEADLINE, Effect, EffectKey};
use crate::engine::event::UnitId;
use crate::engine::state::execution::State;
use crate::engine::state::task::TaskState;

impl State {
    /// Returns the keys of everything demanded.
    pub(in crate::engine) fn effect_keys(&self) -> impl Iterator<Item = EffectKey> {
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

    /// Tells whether the effect of that key is still demanded.
    pub(in crate::engine) fn is_demanded(&self, key: EffectKey) -> bool {
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

    /// Returns the demanded effect of that key.
    pub(in crate::engine) fn effect(&self, key: EffectKey) -> Option<Effect> {
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
}

/// Returns the key of the timer that ends the task's time, while it runs.
pub(in crate::engine) fn deadline_key(place: u32, task: &TaskState) -> Option<EffectKey> {
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
