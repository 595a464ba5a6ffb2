//! The address of one run of an action.

use serde::{Deserialize, Serialize};

/// Addresses one run of a task's action: the task, the loop item if it loops, and the attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct UnitId {
    /// Place of the task in the template, from 0.
    pub task: u32,
    /// Place of the item in the loop, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// The attempt, from 1; a retry by a person is a new attempt.
    pub attempt: u32,
}
