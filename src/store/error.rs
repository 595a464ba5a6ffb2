//! Why a store could not do what it was asked.

use crate::base::id::ExecutionId;
use crate::base::output::OutputError;
use crate::base::records::RecordError;
use crate::base::time::Timestamp;
use crate::store::journal::Seq;

/// Why the store could not do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
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
    /// Another execution does the rest of one already.
    #[error("`{by}` goes on with what `{execution}` left undone: repeat that one")]
    Taken {
        /// Which execution is repeated.
        execution: ExecutionId,
        /// By which.
        by: ExecutionId,
    },
    /// Something became of a nominal time already, or of a later one.
    #[error("something became of the time {nominal} of trigger `{trigger}` already")]
    Passed {
        /// The execution whose trigger it is.
        trigger: ExecutionId,
        /// The time.
        nominal: Timestamp,
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

impl From<StoreError> for OutputError {
    fn from(error: StoreError) -> Self {
        Self {
            reason: error.to_string(),
        }
    }
}

impl From<StoreError> for RecordError {
    fn from(error: StoreError) -> Self {
        Self::Store {
            reason: error.to_string(),
        }
    }
}
