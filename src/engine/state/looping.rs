//! A loop under way: which items are done, which is next.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet, Vector};

use crate::base::failure::FailureClass;
use crate::base::name::Name;
use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::engine::event::{Batches, End, Failure, Kept, LoopPlan, OnUnreachable};
use crate::engine::output::lookup;
use crate::engine::state::tally::Tally;

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
    /// How many items of the batch at work failed.
    pub batch_failed: u32,
    /// What the items that did not end well came to, by class.
    pub tallies: OrdMap<FailureClass, Tally>,
    /// The failure that came first.
    pub first_failure: Option<Arc<Failure>>,
    /// Items that could not be reached and are to be tried again.
    pub deferred: OrdSet<u32>,
    /// How many times items of this batch have been tried again.
    pub round: u32,
    /// When deferred items are tried again, once all others are done.
    pub resumes: Option<Timestamp>,
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
    /// It was skipped because its target could not be reached; a repeat runs it.
    Unreached,
    /// Its target could not be reached; it is tried again after the others.
    Deferred,
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
            batch_failed: 0,
            tallies: OrdMap::new(),
            first_failure: None,
            deferred: OrdSet::new(),
            round: 0,
            resumes: None,
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
        self.batch_failed = 0;
        self.round = 0;
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

    /// Returns how an item ends that failed, as the loop treats targets that cannot be reached.
    pub(in crate::engine) fn treat(&self, end: End) -> End {
        match (end, self.plan.unreachable) {
            (End::Failed { failure, .. }, OnUnreachable::Skip)
                if failure.class() == FailureClass::Unreachable =>
            {
                End::Skipped {
                    reason: Some(failure),
                }
            }
            (End::Failed { failure, .. }, OnUnreachable::Defer { rounds, .. })
                if failure.class() == FailureClass::Unreachable && self.round < rounds =>
            {
                End::Deferred { failure }
            }
            (end, _) => end,
        }
    }

    /// Ends an item; `fields` are the outputs that the loop collects.
    pub(in crate::engine) fn end_item(&mut self, place: u32, end: &End, fields: &[&Name]) {
        let item = match end {
            End::Success { outputs } => Item::success(outputs, fields),
            End::Skipped { reason: None } => Item::Skipped,
            End::Skipped {
                reason: Some(failure),
            } => {
                self.tally(failure.class(), failure);
                Item::Unreached
            }
            End::Deferred { .. } => {
                self.deferred.insert(place);
                Item::Deferred
            }
            End::Failed { failure, .. } => self.fail_item(failure),
            End::Cancelled { report } => self.fail_item(&Failure::new("Cancelled", report)),
        };
        self.items.set(place as usize, item);
    }

    fn fail_item(&mut self, failure: &Failure) -> Item {
        self.failed += 1;
        self.batch_failed += 1;
        self.tally(failure.class(), failure);
        self.first_failure
            .get_or_insert_with(|| Arc::new(failure.clone()));
        Item::Failed
    }

    fn tally(&mut self, class: FailureClass, failure: &Failure) {
        let tally = self.tallies.entry(class);
        tally.or_insert_with(|| Tally::new(failure)).count += 1;
    }

    /// Tries the deferred items again.
    pub(in crate::engine) fn begin_round(&mut self) {
        self.round += 1;
        self.resumes = None;
        for place in std::mem::take(&mut self.deferred) {
            self.run_again(place);
        }
    }

    /// Marks the items that did not end well to be run again.
    pub(in crate::engine) fn restart(&mut self) {
        let failed: Vec<u32> = self
            .items
            .iter()
            .zip(0..)
            .filter(|(item, _)| matches!(item, Item::Failed | Item::Unreached | Item::Deferred))
            .map(|(_, place)| place)
            .collect();
        for place in failed {
            self.run_again(place);
        }
        self.failed = 0;
        self.batch_failed = 0;
        self.tallies.clear();
        self.first_failure = None;
        self.deferred.clear();
        self.round = 0;
        self.resumes = None;
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
