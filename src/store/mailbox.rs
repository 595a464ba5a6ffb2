//! The trait of signals between processes.

use std::fmt;

use async_trait::async_trait;

use crate::base::id::ExecutionId;
use crate::engine::event::Signal;
use crate::store::StoreError;

/// Signals on their way from any process to the owner of an execution.
#[async_trait]
pub trait Mailbox: Send + Sync + fmt::Debug {
    /// Leaves a signal for an execution; returns its number.
    async fn post(&self, id: &ExecutionId, signal: &Signal) -> Result<u64, StoreError>;

    /// Returns the signals that wait for an execution, oldest first.
    async fn waiting(&self, id: &ExecutionId) -> Result<Vec<(u64, Signal)>, StoreError>;

    /// Waits until some execution got a signal with a number above `after`, and returns who got
    /// which, oldest first. Signals of other processes are seen within 100 ms. Cancel-safe.
    async fn posted(&self, after: u64) -> Result<Vec<(u64, ExecutionId)>, StoreError>;

    /// Takes a signal away with the answer that its sender sees: `None` is accepted, else why not.
    async fn settle(&self, number: u64, refusal: Option<String>) -> Result<(), StoreError>;

    /// Returns the answer to a signal: `None` while nobody has settled it.
    async fn answer(&self, number: u64) -> Result<Option<Result<(), String>>, StoreError>;
}
