//! The trait of removing what has ended: history and output of commands, oldest first, in steps that are
//! small enough to be done beside everything else.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::store::StoreError;

/// The tag of an execution that was started by another one. Who repeats the start after a crash finds it
/// by this, so it must not go before the other one has ended.
pub const STARTER_TAG: &str = "oos:client-token";

/// Tombstones that are kept; of what was removed long before nobody asks by its id any more.
pub(super) const TOMBSTONES: usize = 100_000;

/// What is removed of an execution and its children.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// All of it.
    History,
    /// What its commands printed.
    Logs,
}

impl Part {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Logs => "logs",
        }
    }
}

/// Why something is removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RemovalCause {
    /// It is older than is kept.
    Age,
    /// More have ended after it than are kept.
    Count,
    /// All together take more room than they may.
    Bytes,
}

/// What keeps an ended execution: something else still needs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeptFor {
    /// A child execution has not ended.
    Child,
    /// An execution that repeats it has not ended.
    Repeat,
    /// It did the rest of an execution that is still there: nobody may do that a second time.
    Rest,
    /// It tells up to which time its trigger has been dealt with.
    Trigger,
    /// It is a trigger, and something that it has started has not ended.
    Fired,
    /// It stands in the queue of a lock.
    Lock,
    /// Somebody has told it something that nobody has heard yet.
    Signal,
    /// Who started it may ask for it again.
    Starter,
}

impl fmt::Display for KeptFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Child => "a child of it has not ended",
            Self::Repeat => "an execution that repeats it has not ended",
            Self::Rest => "it did the rest of an execution that is still there",
            Self::Trigger => "it tells up to which time its trigger has been dealt with",
            Self::Fired => "something that it has fired has not ended",
            Self::Lock => "it stands in the queue of a lock",
            Self::Signal => "a signal for it has not been heard",
            Self::Starter => "who started it may not have ended",
        })
    }
}

/// A place in the order in which executions have ended.
pub type EndPlace = (Timestamp, ExecutionId);

/// A root execution that has ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndedView {
    /// Which.
    pub execution_id: ExecutionId,
    /// Its template.
    pub template_name: String,
    /// When it ended.
    pub end_date: Timestamp,
    /// What keeps it.
    pub kept: Option<KeptFor>,
}

/// What retention has removed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemovedView {
    /// The root execution.
    pub execution_id: ExecutionId,
    /// Its template.
    pub template_name: String,
    /// When all of it was removed; not yet, if only its logs were.
    pub history_removed: Option<Timestamp>,
    /// When the output of its commands was removed, if that was before.
    pub logs_removed: Option<Timestamp>,
    /// Why, the last time.
    pub cause: Option<RemovalCause>,
    /// By whom.
    pub removed_by: String,
    /// The digest of its journals as they were stored; only of what was removed as a whole.
    pub digest: Option<Digest>,
}

/// Bytes that are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Usage {
    /// By everything but the output of commands.
    pub history: u64,
    /// By the output of commands, compressed.
    pub logs: u64,
    /// By nothing: room in the file that is free to be used again.
    pub unused: u64,
}

/// Room on the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Bytes that this user may still write.
    pub free: u64,
    /// Bytes of the whole file system.
    pub total: u64,
}

/// What is removed, why, and by whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Removal {
    /// What of it.
    pub part: Part,
    /// Why.
    pub cause: Option<RemovalCause>,
    /// The person, or the program itself.
    pub by: String,
}

/// Removes what has ended. An execution goes with its children, all or nothing: first it is let go of, in
/// one write together with its audit record and its tombstone; then its rows are swept away in steps.
/// Whoever opens the store in between sees that it is gone, and sweeps on.
#[async_trait]
pub trait Retention: Send + Sync + fmt::Debug {
    /// Returns how much room is taken.
    async fn usage(&self) -> Result<Usage, StoreError>;

    /// Returns how much room the disk has; nothing where nothing is on a disk.
    fn room(&self) -> Result<Option<Room>, StoreError>;

    /// Returns root executions of which there is this part and that have ended behind `after`, those that
    /// ended first before others. Nothing but a child at work keeps logs.
    async fn ended(
        &self,
        part: Part,
        after: Option<&EndPlace>,
        limit: usize,
    ) -> Result<Vec<EndedView>, StoreError>;

    /// Returns the place of the execution before the `number` that ended last; nothing if there are no
    /// more than these.
    async fn end_before_newest(&self, number: usize) -> Result<Option<EndPlace>, StoreError>;

    /// Returns about how many bytes removing a part of an execution gives back.
    async fn size(&self, id: &ExecutionId, part: Part) -> Result<u64, StoreError>;

    /// Lets go of ended executions with their children; returns those that are gone now. Those that
    /// have not ended, are gone already or are still needed are left out.
    async fn remove(
        &self,
        ids: &[ExecutionId],
        removal: &Removal,
    ) -> Result<Vec<ExecutionId>, StoreError>;

    /// Sweeps away some of what was let go of and gives some room back; tells whether anything may be
    /// left to do.
    async fn sweep_removed(&self) -> Result<bool, StoreError>;

    /// Returns tombstones whose ids begin so, at most `limit`, in the order of ids.
    async fn removed(&self, prefix: &str, limit: usize) -> Result<Vec<RemovedView>, StoreError>;

    /// Returns the execution of a template that was removed last.
    async fn last_removed(&self, template_name: &str) -> Result<Option<RemovedView>, StoreError>;
}
