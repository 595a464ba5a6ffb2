//! How many items of a loop came to failures, and whether that is more than is tolerated.

use std::sync::Arc;

use crate::base::failure::FailureClass;
use crate::engine::event::{Batches, Failure, OnUnreachable};
use crate::engine::state::looping::LoopState;

/// What items of one class of failure came to.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::engine) struct Tally {
    /// How many.
    pub count: u32,
    /// The failure that came first.
    pub first: Arc<Failure>,
}

impl Tally {
    /// Makes the tally of a class that `first` is the first failure of; it is not counted yet.
    pub(in crate::engine) fn new(first: &Failure) -> Self {
        Self {
            count: 0,
            first: Arc::new(first.clone()),
        }
    }
}

/// More items came to failures than are tolerated.
#[derive(Debug)]
pub(in crate::engine) struct Overrun {
    /// The failure that came first of those that count; none if all that count are not known.
    pub first: Option<Arc<Failure>>,
    /// Which, how many of how many, and how many may, in words.
    pub message: String,
}

impl LoopState {
    /// Returns the limit that is overrun, if one is. `lost` are items whose outcome nobody knows:
    /// they count as `Unknown` where that class has a budget.
    pub(in crate::engine) fn overrun(&self, lost: u32) -> Option<Overrun> {
        self.class_overrun(lost)
            .or_else(|| self.batch_overrun())
            .or_else(|| self.rest_overrun())
    }

    fn class_overrun(&self, lost: u32) -> Option<Overrun> {
        self.plan.budgets.iter().find_map(|(class, budget)| {
            let tally = self.tallies.get(class);
            let mut count = tally.map_or(0, |tally| tally.count);
            if *class == FailureClass::Unknown {
                count += lost;
            }
            (count > *budget).then(|| Overrun {
                first: tally.map(|tally| Arc::clone(&tally.first)),
                message: format!(
                    "{count} of {} items came to `{class}`, {budget} may by `ErrorBudget`",
                    self.count()
                ),
            })
        })
    }

    fn batch_overrun(&self) -> Option<Overrun> {
        let limits = &self.plan.batch_errors;
        let limit = limits.get(self.batch as usize).or(limits.last())?;
        let size = match &self.plan.batches {
            Batches::Concurrency { .. } => self.count(),
            Batches::Batch { sizes, .. } => sizes.get(self.batch as usize).copied()?,
        };
        (self.batch_failed > *limit).then(|| Overrun {
            first: self.first_failure.clone(),
            message: format!(
                "{} of the {size} items of batch {} failed, {limit} may",
                self.batch_failed,
                self.batch + 1
            ),
        })
    }

    /// What has no budget of its own counts together.
    fn rest_overrun(&self) -> Option<Overrun> {
        let has_budget = |class: &FailureClass| self.plan.budgets.contains_key(class);
        let is_skipped = |class: &FailureClass| {
            *class == FailureClass::Unreachable && self.plan.unreachable == OnUnreachable::Skip
        };
        let rest = || {
            let all = self.tallies.iter();
            all.filter(|(class, _)| !has_budget(class) && !is_skipped(class))
        };
        let count: u32 = rest().map(|(_, tally)| tally.count).sum();
        let (all, limit) = (self.count(), self.plan.max_errors);
        let is_counted = |failure: &&Arc<Failure>| !has_budget(&failure.class());
        (count > limit).then(|| Overrun {
            first: self
                .first_failure
                .as_ref()
                .filter(is_counted)
                .or_else(|| rest().next().map(|(_, tally)| &tally.first))
                .cloned(),
            message: if self.plan.budgets.is_empty() {
                format!("{count} of {all} items failed, {limit} may")
            } else {
                format!(
                    "{count} of {all} items failed in classes without a budget, {limit} may by \
                     `MaxErrors`"
                )
            },
        })
    }
}
