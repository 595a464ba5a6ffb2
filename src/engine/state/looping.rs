//! A loop under way: which items are done, which is next.

use std::sync::Arc;

use imbl::{OrdSet, Vector};

use crate::base::value::Value;
use crate::engine::event::{Batches, Failure, LoopPlan};

/// The state of a loop. Every step costs O(log n), whatever the number of items.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::engine) struct LoopState {
    /// The plan.
    pub plan: Arc<LoopPlan>,
    /// What became of each item.
    pub items: Vector<Item>,
    /// The first item that has never been started.
    pub next: u32,
    /// Items to run again, after a retry.
    pub again: OrdSet<u32>,
    /// The batch at work, from 0.
    pub batch: u32,
    /// The first item behind the batch at work.
    pub batch_end: u32,
    /// Whether a person must let the next batch begin.
    pub paused: bool,
    /// How many items failed.
    pub failed: u32,
    /// The failure that came first.
    pub first_failure: Option<Arc<Failure>>,
}

/// What became of an item.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::engine) enum Item {
    /// Its turn has not come.
    Pending,
    /// It is at work.
    Active,
    /// It ended well. Holds the values that the loop's outputs collect, if it collects any.
    Success(Option<Arc<[Value]>>),
    /// It failed or was cancelled.
    Failed,
    /// Its `When` was false, or a person skipped it.
    Skipped,
}

impl LoopState {
    /// Makes the state of a loop that has just begun.
    pub(in crate::engine) fn new(plan: LoopPlan) -> Self {
        let count = plan.items.len();
        let batch_end = match &plan.batches {
            Batches::Concurrency { .. } => index(count),
            Batches::Batch { sizes, .. } => sizes.first().copied().unwrap_or_default(),
        };
        Self {
            plan: Arc::new(plan),
            items: std::iter::repeat_n(Item::Pending, count).collect(),
            next: 0,
            again: OrdSet::new(),
            batch: 0,
            batch_end: batch_end.min(index(count)),
            paused: false,
            failed: 0,
            first_failure: None,
        }
    }

    /// Returns the number of items.
    pub(in crate::engine) fn count(&self) -> u32 {
        index(self.items.len())
    }

    /// Returns the item that is to be started next in this batch.
    pub(in crate::engine) fn next_item(&self) -> Option<u32> {
        self.again
            .get_min()
            .copied()
            .or_else(|| (self.next < self.batch_end).then_some(self.next))
    }

    /// Returns how many items of this batch may run at once.
    pub(in crate::engine) fn window(&self) -> u32 {
        match &self.plan.batches {
            Batches::Concurrency { window } => *window,
            Batches::Batch { windows, .. } => windows
                .get(self.batch as usize)
                .or(windows.last())
                .copied()
                .unwrap_or(1),
        }
    }

    /// Tells whether items wait behind this batch.
    pub(in crate::engine) fn has_next_batch(&self) -> bool {
        self.batch_end < self.count()
    }

    /// Goes on to the next batch.
    pub(in crate::engine) fn begin_batch(&mut self) {
        self.batch += 1;
        let size = match &self.plan.batches {
            Batches::Concurrency { .. } => self.count(),
            // A plan whose sizes do not add up would never come to an end: take the rest.
            Batches::Batch { sizes, .. } => sizes
                .get(self.batch as usize)
                .copied()
                .unwrap_or(self.count()),
        };
        self.batch_end = self.batch_end.saturating_add(size).min(self.count());
    }

    /// Tells whether more items failed than are tolerated.
    pub(in crate::engine) fn is_over_limit(&self) -> bool {
        self.failed > self.plan.max_errors
    }

    /// Marks the items that did not end well to be run again.
    pub(in crate::engine) fn restart(&mut self) {
        let failed: Vec<u32> = self
            .items
            .iter()
            .zip(0..)
            .filter(|(item, _)| matches!(item, Item::Failed))
            .map(|(_, place)| place)
            .collect();
        for place in failed {
            self.run_again(place);
        }
        self.failed = 0;
        self.first_failure = None;
        self.paused = false;
    }

    /// Marks one item to be run again.
    pub(in crate::engine) fn run_again(&mut self, place: u32) {
        self.items.set(place as usize, Item::Pending);
        self.again.insert(place);
    }
}

/// Returns a place as the journal counts it.
fn index(count: usize) -> u32 {
    u32::try_from(count).expect("a loop plan is refused above four thousand million items")
}
