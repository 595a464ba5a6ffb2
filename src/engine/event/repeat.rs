//! What an execution takes up from one that ended before it.

use serde::{Deserialize, Serialize};

use crate::base::id::ExecutionId;
use crate::base::value::Map;
use crate::engine::event::{End, LoopPlan};
use crate::template::model::Jump;

/// The execution that this one repeats.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Repeat {
    /// Which.
    pub execution: ExecutionId,
    /// Why, in the words of who repeats it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Whether only the rest of it is done: what failed or never began. One execution at most does
    /// the rest of another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rest: bool,
    /// What is taken over from it; nothing if all is done anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<Taken>,
}

/// What is taken over of one task.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Taken {
    /// All: it does not run.
    Task {
        /// The task's place.
        task: u32,
        /// How it ended: well, or skipped.
        end: End,
        /// Where an `ACS::Choice` went.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Jump>,
    },
    /// Its loop with the items that ended well; the others run.
    Loop {
        /// The task's place.
        task: u32,
        /// The loop, as it was rendered.
        plan: LoopPlan,
    },
}

/// What a loop item came to in the execution that is repeated: it does not run again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "status")]
pub enum Kept {
    /// It ended well.
    Success {
        /// The outputs that the loop collects.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        outputs: Map,
    },
    /// Its `When` was false, or a person skipped it.
    Skipped,
}
