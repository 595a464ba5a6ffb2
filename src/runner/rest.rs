//! When a tree of executions rests: nothing is under way in it, and nothing is due soon. Who works on
//! many executions lets go of those that rest and takes them up again when their time has come.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::engine::effect::EffectKey;

/// What is due within this time is waited for: letting go and taking up again costs more.
const SOON: Duration = Duration::from_secs(5);

/// How one execution of the tree stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Stand {
    /// Whether a call is under way.
    pub(super) busy: bool,
    /// How many children work or wait.
    pub(super) children: usize,
    /// When its next timer is due.
    pub(super) wake: Option<Timestamp>,
}

/// How the executions of one tree stand.
#[derive(Debug, Default)]
pub(super) struct Rests {
    stands: Mutex<HashMap<ExecutionId, Stand>>,
    /// Who may be taken up at the same time; given back as soon as there is work, else when all is let go of:
    /// what only rests would otherwise be held in memory by the thousand.
    beginning: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Rests {
    /// Begins one that keeps others from being taken up until its executions have work, or are let go of.
    pub(super) fn beginning(permit: OwnedSemaphorePermit) -> Self {
        Self {
            beginning: Mutex::new(Some(permit)),
            ..Self::default()
        }
    }

    /// Notes how an execution stands; tells whether the whole tree rests now.
    pub(super) fn note(&self, id: &ExecutionId, stand: Stand, now: Timestamp) -> bool {
        let mut stands = self.stands();
        match stands.get_mut(id) {
            Some(known) => *known = stand,
            None => drop(stands.insert(id.clone(), stand)),
        }
        // A child that is about to begin has not said how it stands.
        let expected = 1 + stands.values().map(|stand| stand.children).sum::<usize>();
        let soon = now.checked_add(SOON).unwrap_or(Timestamp::MAX);
        let rest = stands.len() == expected
            && stands
                .values()
                .all(|stand| !stand.busy && stand.wake.is_none_or(|wake| wake > soon));
        if !rest {
            let mut beginning = self
                .beginning
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            drop(beginning.take());
        }
        rest
    }

    /// Forgets an execution that has ended.
    pub(super) fn forget(&self, id: &ExecutionId) {
        self.stands().remove(id);
    }

    /// Returns when the next timer of the tree is due.
    pub(super) fn wake(&self) -> Option<Timestamp> {
        self.stands().values().filter_map(|stand| stand.wake).min()
    }

    fn stands(&self) -> MutexGuard<'_, HashMap<ExecutionId, Stand>> {
        // A panic elsewhere leaves the map whole: every change to it is one call.
        self.stands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The timers that run for one execution, by their moments.
#[derive(Debug, Default)]
pub(super) struct Timers {
    moments: HashMap<EffectKey, Timestamp>,
    order: BTreeSet<(Timestamp, EffectKey)>,
}

impl Timers {
    /// Adds one.
    pub(super) fn insert(&mut self, key: EffectKey, at: Timestamp) {
        self.remove(&key);
        self.moments.insert(key, at);
        self.order.insert((at, key));
    }

    /// Takes one away.
    pub(super) fn remove(&mut self, key: &EffectKey) {
        if let Some(at) = self.moments.remove(key) {
            self.order.remove(&(at, *key));
        }
    }

    /// Returns when the next one is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn who_has_work_lets_the_next_one_begin_and_who_rests_does_so_at_its_end() {
        let room = Arc::new(Semaphore::new(1));
        let begin = || Rests::beginning(Arc::clone(&room).try_acquire_owned().unwrap());
        let id = ExecutionId::new(at(0), 7);
        let (working, resting) = (
            Stand {
                busy: true,
                ..Stand::default()
            },
            Stand::default(),
        );
        let rests = begin();
        assert!(rests.note(&id, resting, at(0)));
        assert_eq!(room.available_permits(), 0);
        drop(rests);
        let rests = begin();
        assert!(!rests.note(&id, working, at(0)));
        assert_eq!(room.available_permits(), 1);
        assert!(rests.note(&id, resting, at(0)));
    }

    #[test]
    fn a_tree_rests_when_all_of_it_does_and_nothing_is_due_soon() {
        let rests = Rests::default();
        let root = ExecutionId::new(at(0), 7);
        let child = root.child(1);
        let stand = |busy, children, wake: Option<i64>| Stand {
            busy,
            children,
            wake: wake.map(at),
        };
        assert!(!rests.note(&root, stand(true, 0, None), at(0)));
        assert!(
            !rests.note(&root, stand(false, 1, None), at(0)),
            "not begun"
        );
        assert!(!rests.note(&child, stand(true, 0, None), at(0)));
        assert!(!rests.note(&child, stand(false, 0, Some(3)), at(0)), "soon");
        assert!(rests.note(&child, stand(false, 0, Some(60)), at(0)));
        assert_eq!(rests.wake(), Some(at(60)));
        rests.forget(&child);
        assert!(rests.note(&root, stand(false, 0, None), at(0)));
        assert_eq!(rests.wake(), None);
    }
}
