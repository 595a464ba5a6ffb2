//! The laws of loops: never more items at work than allowed, none after the last straw.

use std::collections::BTreeMap;

use oos::base::failure::FailureClass;
use oos::engine::event::{Batches, End, Fact, LoopPlan, UnitId};

/// What the journal of an execution tells about its loops.
#[derive(Debug, Default)]
pub(crate) struct LoopLaw {
    loops: BTreeMap<u32, Loop>,
}

#[derive(Debug)]
struct Loop {
    plan: LoopPlan,
    batch: usize,
    active: Vec<UnitId>,
    failed: u32,
    /// What came to a class of failure, passed over or not.
    classes: BTreeMap<FailureClass, u32>,
}

impl Loop {
    fn window(&self) -> usize {
        let window = match &self.plan.batches {
            Batches::Concurrency { window } => *window,
            Batches::Batch { windows, .. } => windows[self.batch],
        };
        window as usize
    }

    fn count(&mut self, end: &End) {
        let (class, failed) = match end {
            End::Failed { failure, .. } => (failure.class(), true),
            End::Cancelled { .. } => (FailureClass::Other, true),
            End::Skipped {
                reason: Some(reason),
            } => (reason.class(), false),
            End::Success { .. } | End::Skipped { reason: None } | End::Deferred { .. } => return,
        };
        *self.classes.entry(class).or_default() += 1;
        if failed && !self.plan.budgets.contains_key(&class) {
            self.failed += 1;
        }
    }
}

impl LoopLaw {
    /// Looks at the next fact.
    pub(crate) fn look(&mut self, fact: &Fact, broken: &mut Vec<String>) {
        match fact {
            Fact::TaskStarted {
                task,
                looping: Some(plan),
                ..
            } => {
                let looping = Loop {
                    plan: plan.clone(),
                    batch: 0,
                    active: Vec::new(),
                    failed: 0,
                    classes: BTreeMap::new(),
                };
                self.loops.insert(*task, looping);
            }
            Fact::TaskStarted { task, .. } => {
                // A retry goes on with the plan; what was lost counts no more.
                if let Some(looping) = self.loops.get_mut(task) {
                    looping.failed = 0;
                    looping.classes.clear();
                }
            }
            Fact::UnitStarted { unit, .. } => self.started(*unit, broken),
            Fact::UnitEnded { unit, end } => {
                if let Some(looping) = self.loops.get_mut(&unit.task) {
                    looping.active.retain(|other| other != unit);
                    looping.count(end);
                }
            }
            Fact::BatchEnded { task, .. } => {
                if let Some(looping) = self.loops.get_mut(task) {
                    if !looping.active.is_empty() {
                        broken.push(format!("a batch of task {task} ends with items at work"));
                    }
                    looping.batch += 1;
                }
            }
            _ => {}
        }
    }

    fn started(&mut self, unit: UnitId, broken: &mut Vec<String>) {
        let Some(looping) = self.loops.get_mut(&unit.task) else {
            return;
        };
        // A new attempt takes the place of one that was lost.
        looping.active.retain(|other| other.item != unit.item);
        looping.active.push(unit);
        if looping.active.len() > looping.window() {
            broken.push(format!(
                "{} items of task {} at work",
                looping.active.len(),
                unit.task
            ));
        }
        let mut budgets = looping.plan.budgets.iter();
        let is_spent = |class| looping.classes.get(class).copied().unwrap_or_default();
        if looping.failed > looping.plan.max_errors
            || budgets.any(|(class, budget)| is_spent(class) > *budget)
        {
            broken.push(format!(
                "an item of task {} begins after the last straw",
                unit.task
            ));
        }
    }
}
