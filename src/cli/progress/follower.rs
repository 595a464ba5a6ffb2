//! Reads the journals of an execution and of the children it runs, as they grow. What this process
//! appends itself it hears of, which is cheaper than reading it back.

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::cli::progress::model::{Change, ExecutionProgress};
use crate::engine::event::{Event, Fact};
use crate::store::view::Views;
use crate::store::{LockView, Seq, StoreError};

/// How many events are read at once.
const PAGE: usize = 1000;

/// Follows an execution. Works for those of other processes as well, since it reads what is
/// recorded; secrets are masked there.
#[derive(Debug)]
pub(in crate::cli) struct Follower {
    followed: Vec<Followed>,
    /// What has been heard of and not been returned.
    heard: Vec<Change>,
}

#[derive(Debug)]
struct Followed {
    /// How many events have been read.
    read: Seq,
    /// Whether nothing in its events is secret: only then are they shown as they were heard.
    is_open: bool,
    state: ExecutionProgress,
}

impl Followed {
    fn new(id: ExecutionId, path: String) -> Self {
        Self {
            read: 0,
            is_open: false,
            state: ExecutionProgress::new(id, path),
        }
    }

    fn take(&mut self, event: &Event) -> Option<Change> {
        if let Fact::ExecutionStarted(started) = &event.fact {
            self.is_open = started.secrets().next().is_none();
        }
        self.read += 1;
        self.state.apply(event)
    }

    /// Returns the children that were found since the last time.
    fn children(&mut self) -> impl Iterator<Item = Self> {
        let children = std::mem::take(&mut self.state.children);
        children.into_iter().map(|(id, path)| Self::new(id, path))
    }
}

impl Follower {
    /// Follows the execution `root`.
    pub(in crate::cli) fn new(root: ExecutionId) -> Self {
        Self {
            followed: vec![Followed::new(root, String::new())],
            heard: Vec::new(),
        }
    }

    /// Hears of events that were appended behind position `after`. Those that do not follow on what has
    /// been read are left to the next update.
    pub(in crate::cli) fn hear(&mut self, id: &ExecutionId, after: Seq, events: &[Event]) {
        let mut followed = self.followed.iter_mut();
        let Some(followed) = followed.find(|followed| followed.state.id == *id) else {
            return;
        };
        if followed.read != after || !followed.is_open {
            return;
        }
        let changes = events.iter().filter_map(|event| followed.take(event));
        self.heard.extend(changes);
        let children: Vec<_> = followed.children().collect();
        self.followed.extend(children);
    }

    /// Reads what is new and returns what is worth a line, in order of time.
    pub(in crate::cli) async fn update(
        &mut self,
        store: &(impl Views + ?Sized),
    ) -> Result<Vec<Change>, StoreError> {
        let mut changes = std::mem::take(&mut self.heard);
        let mut place = 0;
        // Children are found while their parents are read, and stand behind them.
        while place < self.followed.len() {
            self.read(place, store, &mut changes).await?;
            place += 1;
        }
        changes.sort_by_key(|change: &Change| change.at);
        Ok(changes)
    }

    /// Tells whether something waits for a lock.
    pub(in crate::cli) fn wants_locks(&self) -> bool {
        self.followed
            .iter()
            .any(|followed| followed.state.wants_locks())
    }

    /// Takes in what is in the queue of locks; returns what is worth a line.
    pub(in crate::cli) fn note_locks(&mut self, locks: &[LockView], now: Timestamp) -> Vec<Change> {
        let states = self.followed.iter_mut().map(|followed| &mut followed.state);
        states
            .flat_map(|state| state.note_locks(locks, now))
            .collect()
    }

    /// Returns the outermost execution.
    pub(super) fn root(&self) -> &ExecutionProgress {
        &self.followed[0].state
    }

    /// Returns an execution that is followed.
    pub(super) fn find(&self, id: &ExecutionId) -> Option<&ExecutionProgress> {
        self.followed
            .iter()
            .map(|followed| &followed.state)
            .find(|state| state.id == *id)
    }

    async fn read(
        &mut self,
        place: usize,
        store: &(impl Views + ?Sized),
        changes: &mut Vec<Change>,
    ) -> Result<(), StoreError> {
        loop {
            let followed = &mut self.followed[place];
            if followed.state.end.is_some() {
                return Ok(());
            }
            let page = store
                .events(&followed.state.id, followed.read, PAGE)
                .await?;
            if page.is_empty() {
                return Ok(());
            }
            changes.extend(page.iter().filter_map(|(_, event)| followed.take(event)));
            let children: Vec<_> = followed.children().collect();
            self.followed.extend(children);
        }
    }
}
