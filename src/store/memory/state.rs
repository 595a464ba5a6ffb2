//! What the store in memory holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::output::LogKey;
use crate::base::records::Record;
use crate::base::time::Timestamp;
use crate::base::value::Value;
use crate::engine::event::{Event, Fact, Signal, Started};
use crate::store::audit::{AuditRecord, beginning};
use crate::store::memory::lock::Wish;
use crate::store::memory::log::MemoryLog;
use crate::store::projection::{
    CommandKey, CommandRow, DetailRow, ExecutionRow, FiringKey, FiringRow, Place, TaskRow, WatchRow,
};
use crate::store::secrets::Secrets;
use crate::store::{
    Contents, Now, OwnerGuard, Ownership, RemovedView, Room, Seq, StoreError, TemplateEntry,
};

/// Keeps everything in memory. Clones share what they hold, like processes that share a data
/// directory.
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    changes: watch::Sender<u64>,
    now: Now,
}

#[derive(Default)]
pub(super) struct State {
    /// Events in their text form.
    pub(super) journals: BTreeMap<ExecutionId, Vec<String>>,
    pub(super) executions: BTreeMap<ExecutionId, (ExecutionRow, DetailRow)>,
    pub(super) tasks: BTreeMap<(ExecutionId, Place), TaskRow>,
    /// Which execution an execution repeats, and whether only its rest.
    pub(super) repeats: BTreeMap<ExecutionId, (ExecutionId, bool)>,
    pub(super) plans: BTreeMap<(ExecutionId, u32), Arc<Vec<Value>>>,
    pub(super) commands: BTreeMap<(CommandKey, ExecutionId), CommandRow>,
    pub(super) watches: BTreeMap<ExecutionId, WatchRow>,
    pub(super) firings: BTreeMap<FiringKey, FiringRow>,
    pub(super) signals: BTreeMap<u64, Posted>,
    pub(super) last_signal: u64,
    pub(super) templates: BTreeMap<String, Vec<TemplateEntry>>,
    pub(super) records: BTreeMap<u64, Record>,
    pub(super) last_record: u64,
    pub(super) logs: Vec<(LogKey, MemoryLog)>,
    pub(super) audit: Vec<AuditRecord>,
    pub(super) removed: BTreeMap<ExecutionId, RemovedView>,
    /// The disk that it pretends to lie on.
    pub(super) room: Option<Room>,
    pub(super) wishes: Vec<Wish>,
    pub(super) last_wish: u64,
    contents: BTreeMap<Digest, String>,
    pub(super) owned: BTreeSet<ExecutionId>,
    /// How many take up what is left to be done.
    attending: u32,
}

/// A signal and what became of it.
pub(super) struct Posted {
    pub(super) id: ExecutionId,
    pub(super) signal: Signal,
    pub(super) answer: Option<Result<(), String>>,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}

impl MemoryStore {
    /// Makes an empty store. `now` dates the output of commands and the versions of templates.
    pub fn new(now: Now) -> Self {
        let mut state = State::default();
        state.audit(now(), &beginning(&[]));
        Self {
            state: Arc::new(Mutex::new(state)),
            changes: watch::Sender::new(1),
            now,
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells those who wait that something was written.
    pub(super) fn announce(&self) {
        self.changes.send_modify(|moment| *moment += 1);
    }

    /// Waits until the moment is not `seen`.
    pub(super) async fn moment_after(&self, seen: u64) -> u64 {
        let mut moments = self.changes.subscribe();
        match moments.wait_for(|moment| *moment != seen).await {
            Ok(moment) => *moment,
            // The sender lives as long as this store.
            Err(_) => seen,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.now)()
    }
}

impl State {
    /// Returns the events of an execution behind position `after`.
    pub(super) fn events(
        &self,
        id: &ExecutionId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<(Seq, Event)>, StoreError> {
        let texts = self.journals.get(id).map(Vec::as_slice).unwrap_or_default();
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        (1..)
            .zip(texts)
            .skip(skip)
            .take(limit)
            .map(|(seq, text)| {
                let event = serde_json::from_str(text).map_err(|error| StoreError::Damaged {
                    what: format!("journal {id}/{seq}"),
                    reason: error.to_string(),
                })?;
                Ok((seq, event))
            })
            .collect()
    }

    /// Returns what must not be seen of an execution.
    pub(super) fn secrets(&self, id: &ExecutionId) -> Result<Secrets, StoreError> {
        let started = self.start(id)?;
        Ok(started.map_or_else(Secrets::default, |started| Secrets::of(&started)))
    }

    /// Returns what an execution was started with.
    pub(super) fn start(&self, id: &ExecutionId) -> Result<Option<Box<Started>>, StoreError> {
        let first = self.events(id, 0, 1)?.pop().map(|(_, event)| event.fact);
        Ok(match first {
            Some(Fact::ExecutionStarted(started)) => Some(started),
            _ => None,
        })
    }

    pub(super) fn keep(&mut self, text: String) -> Digest {
        let digest = Digest::of(text.as_bytes());
        self.contents.insert(digest.clone(), text);
        digest
    }

    pub(super) fn content(&self, digest: &Digest) -> Option<String> {
        self.contents.get(digest).cloned()
    }
}

#[async_trait]
impl Contents for MemoryStore {
    async fn keep(&self, texts: Vec<String>) -> Result<Vec<Digest>, StoreError> {
        let mut state = self.state();
        Ok(texts.into_iter().map(|text| state.keep(text)).collect())
    }

    fn keyed_digest(&self, text: &str) -> Result<Digest, StoreError> {
        Ok(Digest::keyed(
            b"a key that is no secret: nothing",
            text.as_bytes(),
        ))
    }

    async fn content(&self, digest: &Digest) -> Result<Option<String>, StoreError> {
        Ok(self.state().content(digest))
    }
}

impl Ownership for MemoryStore {
    fn claim(&self, root: &ExecutionId) -> Result<Option<OwnerGuard>, StoreError> {
        let root = root.root();
        let claimed = self.state().owned.insert(root.clone());
        Ok(claimed.then(|| {
            OwnerGuard::new(Held {
                store: self.clone(),
                root,
            })
        }))
    }

    fn is_owned(&self, root: &ExecutionId) -> Result<bool, StoreError> {
        Ok(self.state().owned.contains(&root.root()))
    }

    fn attend(&self) -> Result<OwnerGuard, StoreError> {
        self.state().attending += 1;
        Ok(OwnerGuard::new(Attending {
            store: self.clone(),
        }))
    }

    fn is_attended(&self) -> Result<bool, StoreError> {
        Ok(self.state().attending > 0)
    }
}

/// Attends no longer when dropped.
struct Attending {
    store: MemoryStore,
}

impl Drop for Attending {
    fn drop(&mut self) {
        self.store.state().attending -= 1;
    }
}

/// Gives an execution back when dropped.
struct Held {
    store: MemoryStore,
    root: ExecutionId,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.store.state().owned.remove(&self.root);
    }
}
