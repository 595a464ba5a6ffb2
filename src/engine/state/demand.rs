//! What an execution wants from the world, derived from its state alone.

use crate::base::time::Timestamp;
use crate::engine::effect::{DEADLINE, Effect, EffectKey, HOLD, ROUND};
use crate::engine::event::{Hold, UnitId};
use crate::engine::state::control::{Control, Pause};
use crate::engine::state::execution::State;
use crate::engine::state::task::TaskState;

impl State {
    /// Returns the keys of everything demanded.
    pub(in crate::engine) fn effect_keys(&self) -> impl Iterator<Item = EffectKey> {
        let current = self.current();
        let timers = current
            .into_iter()
            .flat_map(|(place, task)| task_timers(place, task));
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
        self.hold_timer().into_iter().chain(timers).chain(units)
    }

    /// Returns why the execution does not begin, while that is so.
    pub(in crate::engine) fn hold(&self) -> Option<&Hold> {
        match self.control {
            Control::Paused(_, Pause::Held) => self.started.as_ref()?.hold.as_ref(),
            _ => None,
        }
    }

    /// Returns the key of the timer after which a held execution begins.
    pub(in crate::engine) fn hold_timer(&self) -> Option<EffectKey> {
        self.held_until()?;
        let first = UnitId {
            task: 0,
            item: None,
            attempt: 1,
        };
        Some(EffectKey::Timer(first, HOLD))
    }

    fn held_until(&self) -> Option<Timestamp> {
        match self.hold()? {
            Hold::Turn { .. } => None,
            Hold::Blackout { until, .. } => Some(*until),
        }
    }

    /// Tells whether the effect of that key is still demanded.
    pub(in crate::engine) fn is_demanded(&self, key: EffectKey) -> bool {
        let id = key.unit();
        let Some((place, task)) = self.current() else {
            return self.hold_timer() == Some(key);
        };
        task_timers(place, task).any(|timer| timer == key)
            || self.unit(id).is_some_and(|unit| {
                unit.demands(id, task.stopping.is_some())
                    .any(|demand| demand == key)
            })
    }

    /// Returns the demanded effect of that key.
    pub(in crate::engine) fn effect(&self, key: EffectKey) -> Option<Effect> {
        let id = key.unit();
        let task = self.tasks.get(id.task as usize)?;
        match key {
            EffectKey::Timer(_, HOLD) => {
                return Some(Effect::Timer {
                    at: self.held_until()?,
                });
            }
            EffectKey::Timer(_, DEADLINE) => return Some(Effect::Timer { at: task.deadline? }),
            EffectKey::Timer(_, ROUND) => return Some(Effect::Timer { at: resumes(task)? }),
            _ => {}
        }
        let name = &self.template.tasks.get(id.task as usize)?.name.value;
        self.unit(id)?.effect(key, name.as_str())
    }
}

/// Returns the keys of the timers of a task at work that belong to none of its units.
pub(in crate::engine) fn task_timers(
    place: u32,
    task: &TaskState,
) -> impl Iterator<Item = EffectKey> + use<> {
    let id = UnitId {
        task: place,
        item: None,
        attempt: task.attempt,
    };
    let round = resumes(task).filter(|_| task.stopping.is_none());
    let round = round.map(|_| EffectKey::Timer(id, ROUND));
    deadline_key(place, task).into_iter().chain(round)
}

/// Returns when deferred items of the task's loop are tried again.
fn resumes(task: &TaskState) -> Option<Timestamp> {
    task.looping.as_ref()?.resumes
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
