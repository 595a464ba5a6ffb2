//! Where the output of commands goes while it comes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::id::ExecutionId;

/// One of the streams of a command.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        })
    }
}

/// Names the log that some output belongs to: an execution, a task of it and a loop item.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct LogKey {
    /// The execution whose task runs the command.
    pub execution: ExecutionId,
    /// The task's name.
    pub task: String,
    /// The loop item, from 0.
    pub item: Option<u32>,
    /// The attempt, from 1.
    pub attempt: u32,
}

/// Takes output bytes as they come.
///
/// Bytes written at an offset that is already stored are ignored, so a reader that re-attaches may
/// begin again at any earlier offset. Implementations bound their buffers and block instead of
/// dropping.
pub trait OutputSink: Send + Sync + fmt::Debug {
    /// Returns how many bytes of `channel` are stored.
    fn stored(&self, key: &LogKey, channel: Channel) -> Result<u64, OutputError>;

    /// Takes `bytes`, the first of which is byte `offset` of `channel`.
    fn write(
        &self,
        key: &LogKey,
        channel: Channel,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), OutputError>;

    /// Stores everything written for `key`: durable no later than anything that the same store is
    /// given after it, and in any case within milliseconds.
    fn flush(&self, key: &LogKey) -> Result<(), OutputError>;
}

/// Output could not be stored.
#[derive(Debug, thiserror::Error)]
#[error("output could not be stored: {reason}")]
pub struct OutputError {
    /// Why, in words.
    pub reason: String,
}
