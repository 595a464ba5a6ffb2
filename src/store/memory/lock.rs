//! The queue of locks, in memory.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::base::id::ExecutionId;
use crate::engine::event::{Event, Lock};
use crate::engine::status::TaskStatus;
use crate::store::StoreError;
use crate::store::lock::{
    Entry, LockView, LockWish, Locks, Meaning, Number, Queue, Stage, Standing, Turn, give_back,
    meaning, stand, sweep,
};
use crate::store::memory::MemoryStore;
use crate::store::memory::state::State;
use crate::store::projection::Place;

/// A wish in the queue.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    number: Number,
    lock: LockWish,
    stage: Stage,
}

impl Wish {
    fn entry(&self) -> Entry {
        Entry {
            number: self.number,
            execution: self.lock.execution.clone(),
            stage: self.stage,
        }
    }

    fn place(&self) -> Place {
        Place {
            task: self.lock.unit.task,
            item: self.lock.unit.item,
        }
    }

    /// Tells whether it is of an execution or one of its children.
    pub(super) fn is_of(&self, id: &ExecutionId) -> bool {
        self.lock.execution.is_within(id)
    }

    fn names(&self) -> &[String] {
        &self.lock.lock.names
    }

    fn is_in(&self, group: &str) -> bool {
        let cap = self.lock.lock.cap.as_ref();
        cap.is_some_and(|cap| cap.group == group)
    }
}

#[async_trait]
impl Locks for MemoryStore {
    async fn lock(&self, wish: &LockWish) -> Result<Standing, StoreError> {
        let mut state = self.state();
        let secrets = state.secrets(&wish.execution)?;
        let wish = LockWish {
            lock: secrets.lock(&wish.lock),
            ..wish.clone()
        };
        let standing = stand(&mut *state, &wish)?;
        Ok(standing)
    }

    async fn turns(&self) -> Result<Vec<Turn>, StoreError> {
        let state = self.state();
        let wishes = state.wishes.iter();
        let granted = wishes.filter(|wish| wish.stage == Stage::Granted);
        Ok(granted
            .map(|wish| Turn {
                execution: wish.lock.execution.clone(),
                task: wish.lock.unit.task,
                item: wish.lock.unit.item,
            })
            .collect())
    }

    async fn sweep(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        let wishes = state.wishes.iter();
        let roots: BTreeSet<_> = wishes.map(|wish| wish.lock.execution.root()).collect();
        roots.iter().try_for_each(|root| sweep(&mut *state, root))
    }

    async fn locks(&self, id: &ExecutionId) -> Result<Vec<LockView>, StoreError> {
        let state = self.state();
        let wishes = state.wishes.iter();
        let below = wishes.filter(|wish| wish.lock.execution.is_within(id));
        Ok(below.map(|wish| state.view(wish)).collect())
    }
}

/// Brings the queue to what the journal says from now on.
pub(super) fn follow(
    state: &mut State,
    id: &ExecutionId,
    events: &[Event],
) -> Result<(), StoreError> {
    let mut ended = BTreeSet::new();
    for meaning in events.iter().filter_map(meaning) {
        let tasks = &state.tasks;
        let mine = state.wishes.iter_mut();
        for wish in mine.filter(|wish| wish.lock.execution == *id) {
            let place = wish.place();
            let ends = match meaning {
                Meaning::Begins(task, item) => {
                    if place == (Place { task, item }) {
                        wish.stage = Stage::AtWork;
                    }
                    false
                }
                Meaning::UnitEnds(task, item) => place == Place { task, item },
                Meaning::TaskEnds(task) => place.task == task,
                Meaning::TaskBegins(task) => {
                    let row = tasks.get(&(id.clone(), place));
                    let is_lost = row.is_some_and(|row| row.status == TaskStatus::Unknown);
                    place.task == task && (place.item.is_none() || is_lost)
                }
                Meaning::AllEnd => true,
            };
            if ends {
                ended.insert(wish.number);
            }
        }
    }
    give_back(state, &ended, &id.root())
}

impl State {
    fn view(&self, wish: &Wish) -> LockView {
        let lock = &wish.lock.lock;
        let mut others: Vec<&Wish> = match (wish.stage, &lock.cap) {
            (Stage::Names, _) => {
                let names = lock.names.iter();
                names.filter_map(|name| self.first_wish(name)).collect()
            }
            (Stage::Place, Some(cap)) => self.holders(&cap.group).collect(),
            _ => Vec::new(),
        };
        others.retain(|other| other.number != wish.number);
        others.sort_by_key(|other| other.number);
        let others = others.into_iter();
        let mut waits_for: Vec<_> = others.map(|other| other.lock.execution.clone()).collect();
        waits_for.dedup();
        LockView {
            execution_id: wish.lock.execution.clone(),
            task: wish.lock.unit.task,
            item: wish.lock.unit.item,
            names: lock.names.clone(),
            group: lock.cap.as_ref().map(|cap| cap.group.clone()),
            granted: wish.stage >= Stage::Granted,
            waits_for,
        }
    }

    /// Wishes stand in the order of their numbers.
    fn first_wish(&self, name: &str) -> Option<&Wish> {
        let mut wishes = self.wishes.iter();
        wishes.find(|wish| wish.names().iter().any(|other| other == name))
    }

    fn holders(&self, group: &str) -> impl Iterator<Item = &Wish> {
        let wishes = self.wishes.iter();
        wishes.filter(move |wish| wish.stage >= Stage::Granted && wish.is_in(group))
    }

    fn wish(&self, number: Number) -> Option<&Wish> {
        self.wishes.iter().find(|wish| wish.number == number)
    }
}

impl Queue for State {
    fn find(&self, wish: &LockWish) -> Result<Option<Entry>, StoreError> {
        let mut found = self.wishes.iter();
        let place = (&wish.execution, wish.unit.task, wish.unit.item);
        let found = found.find(|other| {
            let unit = other.lock.unit;
            (&other.lock.execution, unit.task, unit.item) == place
        });
        Ok(found.map(Wish::entry))
    }

    fn has_ended(&self, wish: &LockWish) -> Result<bool, StoreError> {
        let place = Place {
            task: wish.unit.task,
            item: wish.unit.item,
        };
        let row = self.tasks.get(&(wish.execution.clone(), place));
        Ok(row.is_some_and(|row| row.ended.is_some()))
    }

    fn around(&self, execution: &ExecutionId) -> Result<Vec<Lock>, StoreError> {
        let mut locks = Vec::new();
        let mut inside = Some(execution.clone());
        while let Some(id) = inside {
            let wishes = self.wishes.iter();
            let around = wishes.filter(|wish| {
                wish.stage >= Stage::Granted && wish.lock.inside.as_ref() == Some(&id)
            });
            locks.extend(around.map(|wish| wish.lock.lock.clone()));
            inside = id.parent();
        }
        Ok(locks)
    }

    fn has_others(&self, root: &ExecutionId) -> Result<bool, StoreError> {
        let mut wishes = self.wishes.iter();
        Ok(wishes.any(|wish| wish.lock.execution.root() != *root))
    }

    fn push(&mut self, wish: &LockWish, stage: Stage) -> Result<Number, StoreError> {
        self.last_wish += 1;
        self.wishes.push(Wish {
            number: self.last_wish,
            lock: wish.clone(),
            stage,
        });
        Ok(self.last_wish)
    }

    fn first(&self, name: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.first_wish(name).map(Wish::entry))
    }

    fn is_first(&self, number: Number) -> Result<bool, StoreError> {
        let names = self.wish(number).map(Wish::names).unwrap_or_default();
        let mut firsts = names.iter().filter_map(|name| self.first_wish(name));
        Ok(firsts.all(|first| first.number == number))
    }

    fn group_of(&self, number: Number) -> Result<Option<String>, StoreError> {
        let cap = self
            .wish(number)
            .and_then(|wish| wish.lock.lock.cap.as_ref());
        Ok(cap.map(|cap| cap.group.clone()))
    }

    fn first_for_place(&self, group: &str) -> Result<Option<(Entry, u32)>, StoreError> {
        let mut wishes = self.wishes.iter();
        let next = wishes.find(|wish| wish.stage == Stage::Place && wish.is_in(group));
        Ok(next.and_then(|wish| Some((wish.entry(), wish.lock.lock.cap.as_ref()?.limit))))
    }

    fn in_change(&self, group: &str, limit: u32) -> Result<u32, StoreError> {
        let holders = self.holders(group).take(limit as usize);
        Ok(u32::try_from(holders.count()).unwrap_or(limit))
    }

    fn enter(&mut self, number: Number, stage: Stage) -> Result<(), StoreError> {
        let mut wishes = self.wishes.iter_mut();
        if let Some(wish) = wishes.find(|wish| wish.number == number) {
            wish.stage = stage;
        }
        Ok(())
    }

    fn remove(&mut self, number: Number) -> Result<Lock, StoreError> {
        let place = self.wishes.iter().position(|wish| wish.number == number);
        let wish = place.map(|place| self.wishes.remove(place));
        wish.map(|wish| wish.lock.lock)
            .ok_or_else(|| StoreError::Damaged {
                what: format!("wish {number} for a lock"),
                reason: "it is not in the queue".to_owned(),
            })
    }

    fn idle(&self, root: &ExecutionId) -> Result<Vec<Number>, StoreError> {
        let wishes = self.wishes.iter();
        let idle =
            wishes.filter(|wish| wish.stage < Stage::AtWork && wish.lock.execution.root() == *root);
        Ok(idle.map(|wish| wish.number).collect())
    }

    fn is_owned(&self, root: &ExecutionId) -> Result<bool, StoreError> {
        Ok(self.owned.contains(root))
    }
}
