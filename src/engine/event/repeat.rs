//! What an execution takes up from one that ended before it.

use serde::{Deserialize, Serialize};

use crate::base::id::ExecutionId;

/// The execution that this one repeats.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Repeat {
    /// Which.
    pub execution: ExecutionId,
    /// Why, in the words of who repeats it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}
