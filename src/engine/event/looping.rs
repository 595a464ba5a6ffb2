//! A loop, rendered.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::failure::FailureClass;
use crate::base::value::Value;
use crate::engine::event::Kept;
use crate::engine::status::LoopMode;

/// A loop, rendered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LoopPlan {
    /// The items, in order; shared, because they are the largest part of a run.
    pub items: Arc<Vec<Value>>,
    /// How many failed items are tolerated, those of classes with a budget left out.
    pub max_errors: u32,
    /// How many items may come to a failure of a class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub budgets: BTreeMap<FailureClass, u32>,
    /// How many items of each batch may fail, whatever the class; empty: no limit of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batch_errors: Vec<u32>,
    /// What is done about items whose target cannot be reached.
    #[serde(default, skip_serializing_if = "OnUnreachable::is_fail")]
    pub unreachable: OnUnreachable,
    /// The batches; a single one unless the mode is Batch.
    pub batches: Batches,
    /// What items came to in the execution that is repeated, by place; empty if none is.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub kept: Arc<Vec<Option<Kept>>>,
}

impl LoopPlan {
    /// Makes a plan without the extensions: every failure counts against `max_errors`.
    pub fn new(items: Vec<Value>, max_errors: u32, batches: Batches) -> Self {
        Self {
            items: Arc::new(items),
            max_errors,
            budgets: BTreeMap::new(),
            batch_errors: Vec::new(),
            unreachable: OnUnreachable::Fail,
            batches,
            kept: Arc::default(),
        }
    }
}

fn is_empty(kept: &Arc<Vec<Option<Kept>>>) -> bool {
    kept.is_empty()
}

/// What is done about an item whose target cannot be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "policy")]
pub enum OnUnreachable {
    /// It fails.
    #[default]
    Fail,
    /// It is skipped.
    Skip,
    /// It is tried again after all others of its batch, and fails if that does not help.
    Defer {
        /// How many times.
        rounds: u32,
        /// How long is waited before each time, in seconds.
        pause: u32,
    },
}

impl OnUnreachable {
    fn is_fail(&self) -> bool {
        *self == Self::Fail
    }
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
