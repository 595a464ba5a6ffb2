//! A loop, rendered.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::value::Value;
use crate::engine::event::Kept;
use crate::engine::status::LoopMode;

/// A loop, rendered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LoopPlan {
    /// The items, in order; shared, because they are the largest part of a run.
    pub items: Arc<Vec<Value>>,
    /// How many failed items are tolerated.
    pub max_errors: u32,
    /// The batches; a single one unless the mode is Batch.
    pub batches: Batches,
    /// What items came to in the execution that is repeated, by place; empty if none is.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub kept: Arc<Vec<Option<Kept>>>,
}

fn is_empty(kept: &Arc<Vec<Option<Kept>>>) -> bool {
    kept.is_empty()
}

/// How a loop goes through its items.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "mode")]
pub enum Batches {
    /// A sliding window.
    Concurrency {
        /// How many items run at once.
        window: u32,
    },
    /// One batch after another.
    Batch {
        /// Size of each batch; they add up to the number of items.
        sizes: Vec<u32>,
        /// How many items of each batch run at once.
        windows: Vec<u32>,
        /// When to wait for a person.
        pause: LoopMode,
    },
}
