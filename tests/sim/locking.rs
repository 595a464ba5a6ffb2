//! What must hold of locks: a name is had by one unit, a group by so many, except by what runs in them.

use std::collections::BTreeMap;

use oos::base::id::ExecutionId;
use oos::engine::event::{Event, Fact, Lock, UnitId, Work};

/// Who has which lock, as the journals tell it.
#[derive(Debug, Default)]
pub(crate) struct LockLaw {
    units: BTreeMap<(ExecutionId, UnitId), Holder>,
}

#[derive(Debug)]
struct Holder {
    lock: Lock,
    /// The child execution that has it too.
    inside: Option<ExecutionId>,
    granted: bool,
    lost: bool,
}

impl LockLaw {
    /// Looks at an event of an execution; returns what is against the law.
    pub(crate) fn look(&mut self, id: &ExecutionId, event: &Event) -> Option<String> {
        match &event.fact {
            Fact::UnitStarted {
                unit,
                work,
                lock: Some(lock),
                ..
            } => {
                let inside = match work {
                    Work::Child { id, .. } => Some(id.clone()),
                    _ => None,
                };
                let holder = Holder {
                    lock: lock.clone(),
                    inside,
                    granted: false,
                    lost: false,
                };
                self.units.insert((id.clone(), *unit), holder);
            }
            Fact::LockGranted { unit } => return self.grant(id, *unit),
            Fact::UnitLost { unit, .. } => {
                if let Some(holder) = self.units.get_mut(&(id.clone(), *unit)) {
                    holder.lost = true;
                }
            }
            Fact::UnitEnded { unit, .. } => {
                self.units.remove(&(id.clone(), *unit));
            }
            // A new attempt stands in for what was lost.
            Fact::TaskStarted { task, .. } => self.units.retain(|(execution, unit), holder| {
                execution != id || unit.task != *task || !holder.lost
            }),
            Fact::TaskEnded { task, .. } => {
                self.units
                    .retain(|(execution, unit), _| execution != id || unit.task != *task);
            }
            Fact::ExecutionEnded { .. } => self.units.retain(|(execution, _), _| execution != id),
            _ => {}
        }
        None
    }

    fn grant(&mut self, id: &ExecutionId, unit: UnitId) -> Option<String> {
        let key = (id.clone(), unit);
        let Some(asked) = self.units.get(&key) else {
            return Some(format!("{unit:?} has a lock that it did not want"));
        };
        let holders = || self.units.values().filter(|holder| holder.granted);
        let is_inside = holders().any(|holder| {
            let around = holder.inside.as_ref();
            around.is_some_and(|around| id.is_within(around))
        });
        let wanted = &asked.lock;
        let twice = wanted
            .names
            .iter()
            .find(|name| holders().any(|holder| holder.lock.names.contains(name)));
        let overfull = wanted.cap.as_ref().filter(|cap| {
            let is_in = |holder: &&Holder| {
                let other = holder.lock.cap.as_ref();
                other.is_some_and(|other| other.group == cap.group)
            };
            holders().filter(is_in).count() >= cap.limit as usize
        });
        let broken = match (twice, overfull) {
            _ if is_inside => None,
            (Some(name), _) => Some(format!("{unit:?} has `{name}`, which another has")),
            (None, Some(cap)) => Some(format!("{unit:?} is one too many in `{}`", cap.group)),
            (None, None) => None,
        };
        self.units.get_mut(&key)?.granted = true;
        broken
    }
}
