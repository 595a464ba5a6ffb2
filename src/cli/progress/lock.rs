//! What units of a task wait for before they work. The journal says that they wait; who has what they wait
//! for is in the store's queue, and changes without an event of theirs.

use std::collections::BTreeSet;

use crate::base::time::Timestamp;
use crate::cli::output::{counted, waits_for_lock};
use crate::cli::progress::model::{Change, ExecutionProgress, TaskProgress};
use crate::store::LockView;

impl ExecutionProgress {
    /// Tells whether a unit of it waits for a lock.
    pub(super) fn wants_locks(&self) -> bool {
        self.tasks.iter().any(|task| !task.wanting.is_empty())
    }

    /// Takes in what is in the queue of locks; returns what is worth a line.
    pub(super) fn note_locks(&mut self, locks: &[LockView], now: Timestamp) -> Vec<Change> {
        let (id, path) = (&self.id, &self.path);
        let tasks = (0_u32..).zip(&mut self.tasks);
        let noted = tasks.filter_map(|(place, task)| {
            let mut waiting = locks.iter().filter(|lock| {
                lock.execution_id == *id && lock.task == place && task.is_waiting(lock)
            });
            let message = words(waiting.next()?, waiting.count());
            if task.message == message {
                return None;
            }
            task.message.clone_from(&message);
            Some(Change {
                at: now,
                subject: format!("{path}{}", task.name),
                word: task.status.as_str(),
                details: message,
            })
        });
        noted.collect()
    }
}

impl TaskProgress {
    /// Tells whether an entry of the queue is that of a unit which waits, as far as has been read.
    fn is_waiting(&self, lock: &LockView) -> bool {
        !lock.granted && self.wanting.contains(&lock.item)
    }

    /// Notes that a unit waits for its lock, by its place in the loop.
    pub(super) fn want(&mut self, item: Option<u32>) {
        self.wanting.insert(item);
    }

    /// Notes that a unit waits no longer.
    pub(super) fn want_no_more(&mut self, item: Option<u32>) {
        if self.wanting.remove(&item) && self.wanting.is_empty() {
            self.message.clear();
        }
    }
}

/// Units that wait, by their place in a loop.
pub(super) type Wanting = BTreeSet<Option<u32>>;

fn words(first: &LockView, others: usize) -> String {
    let first = waits_for_lock(first);
    match others {
        0 => first,
        others => format!("{first}; {} more", counted(others, "item")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::ExecutionId;

    fn lock(item: u32, granted: bool, holder: Option<&str>) -> LockView {
        LockView {
            execution_id: ExecutionId::new(Timestamp::UNIX_EPOCH, 1),
            task: 0,
            item: Some(item),
            names: vec![format!("web{item}")],
            group: None,
            granted,
            waits_for: holder.map(|id| id.parse().unwrap()).into_iter().collect(),
        }
    }

    #[test]
    fn the_first_that_waits_is_told_with_who_has_its_lock() {
        let other = ExecutionId::new(Timestamp::UNIX_EPOCH, 2).to_string();
        let mut progress = ExecutionProgress::new(lock(0, true, None).execution_id, String::new());
        progress.tasks.push(TaskProgress::new("change", ""));
        progress.tasks[0].want(Some(1));
        progress.tasks[0].want(Some(2));
        assert!(progress.wants_locks());
        let locks = [
            lock(0, true, None),
            lock(1, false, Some(&other)),
            lock(2, false, Some(&other)),
            // Its event has not been read yet.
            lock(3, false, Some(&other)),
        ];
        let now = Timestamp::UNIX_EPOCH;
        let told = progress.note_locks(&locks, now);
        let expected = format!("waits for lock `web1`, held by {other}; 1 item more");
        assert_eq!(told[0].details, expected);
        assert_eq!(told[0].subject, "change");
        assert_eq!(progress.note_locks(&locks, now), [], "told once");
        progress.tasks[0].want_no_more(Some(1));
        let told = progress.note_locks(&locks, now);
        assert!(told[0].details.starts_with("waits for lock `web2`"));
        progress.tasks[0].want_no_more(Some(2));
        assert!(!progress.wants_locks() && progress.tasks[0].message.is_empty());
    }
}
