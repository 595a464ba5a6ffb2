//! The trait by which command output is read back.

use std::fmt;

use async_trait::async_trait;

use crate::base::id::ExecutionId;
use crate::base::output::LogKey;
use crate::store::StoreError;
use crate::store::view::LogLine;

/// Command output, read back.
#[async_trait]
pub trait Logs: Send + Sync + fmt::Debug {
    /// Returns the keys of all logs of an execution and of its children, oldest first.
    async fn logs(&self, id: &ExecutionId) -> Result<Vec<LogKey>, StoreError>;

    /// Returns up to `limit` lines from line `from` (0 is the first).
    ///
    /// Lines of both channels are one row, in the order in which their first bytes arrived; `at`
    /// is when the write came that brought the first byte, give or take ten milliseconds. A line
    /// above 64 KiB counts as several. The last line of a channel may still grow.
    async fn lines(
        &self,
        key: &LogKey,
        from: u64,
        limit: usize,
    ) -> Result<Vec<LogLine>, StoreError>;

    /// Returns how many lines a log has so far; the last one may still grow.
    async fn line_count(&self, key: &LogKey) -> Result<u64, StoreError>;
}
