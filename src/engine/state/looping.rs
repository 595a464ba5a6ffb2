//! A loop under way: which items are done, which is next.

use std::sync::Arc;

use imbl::{OrdSet, Vector};

use crate::base::name::Name;
use crate::base::value::{Map, Value};
use crate::engine::event::{Batches, Failure, Kept, LoopPlan};
use crate::engine::output::lookup;

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
    /// The batch that ended last, from 1; 0 before.
    pub ended: u32,
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

impl Item {
    /// Makes an item that ended well; `fields` are the outputs that the loop collects.
    pub(in crate::engine) fn success(outputs: &Map, fields: &[&Name]) -> Self {
        if fields.is_empty() {
            return Self::Success(None);
        }
        let values: Vec<Value> = fields.iter().map(|field| lookup(outputs, field)).collect();
        Self::Success(Some(values.into()))
    }
}

impl LoopState {
    /// Makes the state of a loop that has just begun; `fields` are the outputs that it collects.
    pub(in crate::engine) fn new(plan: LoopPlan, fields: &[&Name]) -> Self {
        let count = plan.items.len();
        let items: Vector<Item> = (0..count)
            .map(|place| match plan.kept.get(place) {
                Some(Some(Kept::Success { outputs })) => Item::success(outputs, fields),
                Some(Some(Kept::Skipped)) => Item::Skipped,
                Some(None) | None => Item::Pending,
            })
            .collect();
        let is_repeated = !plan.kept.is_empty();
        let batch_end = match &plan.batches {
            Batches::Concurrency { .. } => index(count),
            Batches::Batch { sizes, .. } => sizes.first().copied().unwrap_or_default(),
        };
        let open = (0_u32..)
            .zip(&items)
            .filter(|(_, item)| is_repeated && matches!(item, Item::Pending))
            .map(|(place, _)| place)
            .collect();
        let mut state = Self {
            plan: Arc::new(plan),
            items,
            next: if is_repeated { index(count) } else { 0 },
            again: open,
            batch: 0,
            ended: 0,
            batch_end: batch_end.min(index(count)),
            paused: false,
            failed: 0,
            first_failure: None,
        };
        state.pass_over_done_batches();
        state
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
            .filter(|place| *place < self.batch_end)
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
        let behind = self.again.get_max();
        self.next.max(self.batch_end) < self.count()
            || behind.is_some_and(|place| *place >= self.batch_end)
    }

    /// Goes on to the next batch in which there is something to do.
    pub(in crate::engine) fn begin_batch(&mut self) {
        self.ended = self.batch + 1;
        self.advance();
        self.pass_over_done_batches();
    }

    fn pass_over_done_batches(&mut self) {
        let is_repeated = !self.plan.kept.is_empty();
        while is_repeated && self.next_item().is_none() && self.has_next_batch() {
            self.advance();
        }
    }

    fn advance(&mut self) {
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
