//! Floor 3: memory. Traits in the words of the engine; SQLite and an in-memory twin behind them.

use std::fmt;

use async_trait::async_trait;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::output::{LogKey, OutputSink};
use crate::base::records::Records;
use crate::engine::event::{Event, Signal};

pub mod view;

/// Position of an event in its execution's journal, from 1; 0 is before the first.
pub type Seq = u64;

/// The append-only record of what happened.
#[async_trait]
pub trait Journal: Send + Sync + fmt::Debug {
    /// Appends `events` behind position `expected`, with all projections, in one transaction.
    /// Durable when it returns; returns the new last position.
    ///
    /// Fails with [`StoreError::Conflict`] if the journal is longer or shorter than `expected`.
    async fn append(
        &self,
        id: &ExecutionId,
        expected: Seq,
        events: &[Event],
    ) -> Result<Seq, StoreError>;

    /// Returns all events of an execution, in order; empty if there is no such execution.
    async fn read(&self, id: &ExecutionId) -> Result<Vec<Event>, StoreError>;
}

/// Texts kept under their digest: templates and lists of templates.
#[async_trait]
pub trait Contents: Send + Sync + fmt::Debug {
    /// Keeps texts; those that are there already cost nothing.
    async fn keep(&self, texts: Vec<String>) -> Result<Vec<Digest>, StoreError>;

    /// Returns a text.
    async fn content(&self, digest: &Digest) -> Result<Option<String>, StoreError>;
}

/// Signals on their way from any process to the owner of an execution.
#[async_trait]
pub trait Mailbox: Send + Sync + fmt::Debug {
    /// Leaves a signal for an execution; returns its number.
    async fn post(&self, id: &ExecutionId, signal: &Signal) -> Result<u64, StoreError>;

    /// Returns the signals that wait for an execution, oldest first.
    async fn waiting(&self, id: &ExecutionId) -> Result<Vec<(u64, Signal)>, StoreError>;

    /// Takes a signal away with the answer that its sender sees: `None` is accepted, else why not.
    async fn settle(&self, number: u64, refusal: Option<String>) -> Result<(), StoreError>;

    /// Returns the answer to a signal: `None` while nobody has settled it.
    async fn answer(&self, number: u64) -> Result<Option<Result<(), String>>, StoreError>;
}

/// Who works on an execution. Ownership dies with the process that holds it.
pub trait Ownership: Send + Sync + fmt::Debug {
    /// Takes an execution (its root id) for this process, if nobody has it.
    fn claim(&self, root: &ExecutionId) -> Result<Option<OwnerGuard>, StoreError>;

    /// Tells whether some process, this one included, has it.
    fn is_owned(&self, root: &ExecutionId) -> Result<bool, StoreError>;
}

/// Holds an execution; gives it back when dropped.
pub struct OwnerGuard(#[expect(dead_code, reason = "held for its drop")] Box<dyn Send + Sync>);

impl OwnerGuard {
    /// Makes a guard that drops `lock` to give the execution back.
    pub fn new(lock: impl Send + Sync + 'static) -> Self {
        Self(Box::new(lock))
    }
}

impl fmt::Debug for OwnerGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnerGuard")
    }
}

/// Command output, read back.
#[async_trait]
pub trait Logs: Send + Sync + fmt::Debug {
    /// Returns the keys of all logs of an execution and of its children, oldest first.
    async fn logs(&self, id: &ExecutionId) -> Result<Vec<LogKey>, StoreError>;

    /// Returns up to `limit` lines from line `from` (0 is the first), in the order of arrival.
    async fn lines(
        &self,
        key: &LogKey,
        from: u64,
        limit: usize,
    ) -> Result<Vec<view::LogLine>, StoreError>;
}

/// Everything that a runner needs remembered.
pub trait Store:
    Journal + Contents + Mailbox + Ownership + Logs + view::Views + Records + OutputSink
{
}

impl<T> Store for T where
    T: Journal + Contents + Mailbox + Ownership + Logs + view::Views + Records + OutputSink
{
}

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote to this journal.
    #[error("execution `{id}` is at event {found}, not at {expected}: another process works on it")]
    Conflict {
        /// Which execution.
        id: ExecutionId,
        /// Where the caller thought it was.
        expected: Seq,
        /// Where it is.
        found: Seq,
    },
    /// What is stored cannot be understood.
    #[error("`{what}` is damaged: {reason}")]
    Damaged {
        /// Table and key.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The data directory was written by a newer version.
    #[error("the data directory has format {found}; this version understands up to {supported}")]
    TooNew {
        /// Format found.
        found: u32,
        /// Newest format understood.
        supported: u32,
    },
    /// Reading or writing failed: disk full, read-only, gone.
    #[error("{action} failed: {reason}")]
    Io {
        /// What was tried.
        action: String,
        /// What the system said.
        reason: String,
    },
}
