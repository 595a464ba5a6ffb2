//! Who is next.
//!
//! No deadlock: a unit gets all that it wants at once, and whoever runs in a unit that has a lock may
//! want nothing else; so nobody who has something waits for more. No starvation: for each name, and
//! for the places of each group, wishes are served in the order in which they came.
//!
//! A wish moves on when one before it goes, in the same transaction, and at no other time: what this
//! costs follows from the names of the wishes that move, not from how many wait.

use std::collections::{BTreeSet, HashMap};

use crate::base::id::ExecutionId;
use crate::engine::event::Lock;
use crate::store::StoreError;
use crate::store::lock::queue::{Number, Stage};
use crate::store::lock::{LockWish, Queue, Standing};

/// Finds out where a wish stands; puts it into the queue if it is not there.
pub(crate) fn stand(queue: &mut impl Queue, wish: &LockWish) -> Result<Standing, StoreError> {
    let root = wish.execution.root();
    if queue.find(wish)?.is_none() {
        // Whoever asks for a unit that has ended is about to be told.
        if queue.has_ended(wish)? {
            return Ok(Standing::Waiting);
        }
        let around = queue.around(&wish.execution)?;
        if !around.is_empty() {
            return Ok(within(&around, &wish.lock));
        }
        let stage = match wish.lock.names.as_slice() {
            [] => Stage::Place,
            _ => Stage::Names,
        };
        queue.push(wish, stage)?;
        let mut free = Free::default();
        free.names.extend(wish.lock.names.iter().cloned());
        if stage == Stage::Place {
            free.groups.extend(group(&wish.lock));
        }
        hand_on(queue, free, &root)?;
    }
    let is_granted = queue
        .find(wish)?
        .is_some_and(|entry| entry.stage >= Stage::Granted);
    Ok(if is_granted {
        Standing::Granted
    } else if queue.has_others(&root)? {
        Standing::WaitingForOthers
    } else {
        Standing::Waiting
    })
}

/// Takes wishes out of the queue and lets those move on that waited for them. Somebody works on the
/// root execution `present`.
pub(crate) fn give_back(
    queue: &mut impl Queue,
    numbers: &BTreeSet<Number>,
    present: &ExecutionId,
) -> Result<(), StoreError> {
    let mut free = Free::default();
    for number in numbers {
        free.add(queue.remove(*number)?);
    }
    hand_on(queue, free, present)
}

/// Takes those wishes of a root execution out of the queue whose units are not at work, unless
/// somebody works on it: whoever takes it up asks anew.
pub(crate) fn sweep(queue: &mut impl Queue, root: &ExecutionId) -> Result<(), StoreError> {
    if queue.is_owned(root)? {
        return Ok(());
    }
    let idle = queue.idle(root)?;
    let mut free = Free::default();
    for number in idle {
        free.add(queue.remove(number)?);
    }
    Moves::default().hand_on(queue, free)
}

/// What runs in a unit with a lock may want what that has, and has it.
fn within(around: &[Lock], wanted: &Lock) -> Standing {
    let has_name = |name: &String| around.iter().any(|lock| lock.names.contains(name));
    let has_group = |group: &String| {
        let mut caps = around.iter().filter_map(|lock| lock.cap.as_ref());
        caps.any(|cap| cap.group == *group)
    };
    let missing = wanted.names.iter().find(|name| !has_name(name));
    let group = wanted.cap.as_ref().map(|cap| &cap.group);
    match missing.or(group.filter(|group| !has_group(group))) {
        None => Standing::Granted,
        Some(missing) => Standing::Refused(format!(
            "`{missing}` is wanted inside of a task that has a lock without it: two such executions \
             could wait for each other for ever; name it in the `Lock` of the task around"
        )),
    }
}

fn group(lock: &Lock) -> Option<String> {
    lock.cap.as_ref().map(|cap| cap.group.clone())
}

/// Names and groups whose queues have changed.
#[derive(Default)]
struct Free {
    names: BTreeSet<String>,
    groups: BTreeSet<String>,
}

impl Free {
    fn add(&mut self, lock: Lock) {
        self.groups.extend(group(&lock));
        self.names.extend(lock.names);
    }
}

fn hand_on(queue: &mut impl Queue, free: Free, present: &ExecutionId) -> Result<(), StoreError> {
    let mut moves = Moves::default();
    moves.owned.insert(present.clone(), true);
    moves.hand_on(queue, free)
}

/// Moves wishes on.
#[derive(Default)]
struct Moves {
    /// Whether somebody works on a root execution, asked once each.
    owned: HashMap<ExecutionId, bool>,
}

impl Moves {
    fn hand_on(&mut self, queue: &mut impl Queue, mut free: Free) -> Result<(), StoreError> {
        loop {
            // Several names may have the same wish as their first.
            let mut heads = BTreeSet::new();
            for name in std::mem::take(&mut free.names) {
                let first = queue.first(&name)?;
                let waits = first.filter(|entry| entry.stage == Stage::Names);
                heads.extend(waits.map(|entry| (entry.number, entry.execution)));
            }
            for (number, execution) in heads {
                self.take_names(queue, (number, &execution), &mut free)?;
            }
            match free.groups.pop_first() {
                Some(group) => self.fill(queue, &group, &mut free)?,
                None if free.names.is_empty() => return Ok(()),
                None => {}
            }
        }
    }

    /// Moves a wish on that is the first for one of its names, if it is the first for all.
    fn take_names(
        &mut self,
        queue: &mut impl Queue,
        (number, execution): (Number, &ExecutionId),
        free: &mut Free,
    ) -> Result<(), StoreError> {
        if !queue.is_first(number)? {
            return Ok(());
        }
        if !self.is_present(queue, execution)? {
            free.add(queue.remove(number)?);
            return Ok(());
        }
        match queue.group_of(number)? {
            None => queue.enter(number, Stage::Granted),
            Some(group) => {
                queue.enter(number, Stage::Place)?;
                free.groups.insert(group);
                Ok(())
            }
        }
    }

    /// Gives the free places of a group to those who came first.
    fn fill(
        &mut self,
        queue: &mut impl Queue,
        group: &str,
        free: &mut Free,
    ) -> Result<(), StoreError> {
        while let Some((next, limit)) = queue.first_for_place(group)? {
            if queue.in_change(group, limit)? >= limit {
                return Ok(());
            }
            if self.is_present(queue, &next.execution)? {
                queue.enter(next.number, Stage::Granted)?;
            } else {
                free.names.extend(queue.remove(next.number)?.names);
            }
        }
        Ok(())
    }

    /// Tells whether somebody works on the execution of a wish: nothing is granted to the dead.
    fn is_present(
        &mut self,
        queue: &impl Queue,
        execution: &ExecutionId,
    ) -> Result<bool, StoreError> {
        let root = execution.root();
        if let Some(owned) = self.owned.get(&root) {
            return Ok(*owned);
        }
        let owned = queue.is_owned(&root)?;
        self.owned.insert(root, owned);
        Ok(owned)
    }
}
