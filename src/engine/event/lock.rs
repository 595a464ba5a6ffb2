//! What a unit must have before it does anything: locks, and a place among those in change.

use serde::{Deserialize, Serialize};

/// The locks that a unit holds while it is at work: all of them, or it waits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lock {
    /// Their names, in order, each once.
    pub names: Vec<String>,
    /// The group in which only so many may be in change at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Cap>,
}

/// How many of a group may be in change at once, whichever execution changes them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cap {
    /// The group's name.
    pub group: String,
    /// How many.
    pub limit: u32,
}
