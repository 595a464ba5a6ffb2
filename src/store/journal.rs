//! The trait of the journal.

use std::fmt;

use async_trait::async_trait;

use crate::base::id::ExecutionId;
use crate::engine::event::{Event, Started};
use crate::store::StoreError;

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

    /// Returns what an execution was started with, however long its journal is; `None` if there is no
    /// such execution. Holds secret values.
    async fn start(&self, id: &ExecutionId) -> Result<Option<Box<Started>>, StoreError>;
}
