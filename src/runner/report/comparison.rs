//! Two reports compared: what changed on which targets, the same change shown once.

use std::collections::{BTreeMap, HashMap};

use crate::engine::status::TaskStatus;
use crate::runner::report::difference::essence;
use crate::runner::report::step::comparable;
use crate::runner::report::{Normal, Report, Step, Target, difference, read_output};
use crate::store::{Store, StoreError};

/// How many bytes of an output are compared line by line.
const COMPARED: usize = 64 * 1024;

/// What changed from one execution to another.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comparison {
    /// The changes: those of most targets first.
    pub changes: Vec<Change>,
    /// How many targets are as they were.
    pub unchanged: usize,
}

/// One change, and the targets that it happened to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The step.
    pub step: String,
    /// What happened.
    pub kind: ChangeKind,
    /// How the output changed, as a unified diff; that of the first target.
    pub difference: Option<String>,
    /// Why the first target fails now.
    pub message: Option<String>,
    /// The targets.
    pub targets: Vec<String>,
}

/// What kind of change it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ChangeKind {
    /// The target was not there before.
    New {
        /// What it came to.
        to: State,
    },
    /// The target is no longer there.
    Gone {
        /// What it had come to.
        from: State,
    },
    /// The target came to something else.
    Status {
        /// What it had come to.
        from: State,
        /// What it came to.
        to: State,
    },
    /// Only the output changed.
    Output,
}

/// What a target came to: its status and, if it failed, the error code.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// The status.
    pub status: TaskStatus,
    /// The error code, or nothing.
    pub code: String,
}

impl State {
    fn of(target: &Target) -> Self {
        let fault = target.fault.as_ref();
        Self {
            status: target.status,
            code: fault.map(|fault| fault.code.clone()).unwrap_or_default(),
        }
    }
}

/// Compares two reports that were read with the same request.
pub async fn compare(
    store: &dyn Store,
    old: &Report,
    new: &Report,
) -> Result<Comparison, StoreError> {
    let mut comparing = Comparing {
        store,
        normal: new.normal,
        result: Comparison::default(),
        places: HashMap::new(),
    };
    let empty = Step {
        name: String::new(),
        targets: Vec::new(),
        groups: Vec::new(),
    };
    for step in &new.steps {
        let before = old.steps.iter().find(|old| old.name == step.name);
        comparing.step((before.unwrap_or(&empty), step)).await?;
    }
    for step in &old.steps {
        if !new.steps.iter().any(|new| new.name == step.name) {
            let gone = Step {
                name: step.name.clone(),
                ..empty.clone()
            };
            comparing.step((step, &gone)).await?;
        }
    }
    let mut result = comparing.result;
    let size = |change: &Change| std::cmp::Reverse(change.targets.len());
    result.changes.sort_by_key(size);
    Ok(result)
}

/// What makes changes the same: the step, the kind, and the lines that went and came.
type ChangeKey = (String, ChangeKind, String);

struct Comparing<'a> {
    store: &'a dyn Store,
    normal: Normal,
    result: Comparison,
    places: HashMap<ChangeKey, usize>,
}

impl Comparing<'_> {
    async fn step(&mut self, (old, new): (&Step, &Step)) -> Result<(), StoreError> {
        let before = by_name(&old.targets);
        let after = by_name(&new.targets);
        // From one group to another the change is the same for all, if outputs are compared as
        // they are.
        let mut known: HashMap<(usize, usize), usize> = HashMap::new();
        for (key, target) in &after {
            let Some(was) = before.get(key) else {
                let kind = ChangeKind::New {
                    to: State::of(target),
                };
                self.add((&new.name, kind), None, target);
                continue;
            };
            let groups = (was.group, target.group);
            if old.groups[was.group].key == new.groups[target.group].key {
                self.result.unchanged += 1;
            } else if let Some(place) = known.get(&groups) {
                self.result.changes[*place]
                    .targets
                    .push(target.name.clone());
            } else {
                let place = self.changed(&new.name, was, target).await?;
                if self.normal.is_exact() {
                    known.insert(groups, place);
                }
            }
        }
        for (key, target) in &before {
            if !after.contains_key(key) {
                let kind = ChangeKind::Gone {
                    from: State::of(target),
                };
                let name = if new.name.is_empty() {
                    &old.name
                } else {
                    &new.name
                };
                self.add((name, kind), None, target);
            }
        }
        Ok(())
    }

    async fn changed(
        &mut self,
        step: &str,
        was: &Target,
        is: &Target,
    ) -> Result<usize, StoreError> {
        let (from, to) = (State::of(was), State::of(is));
        let kind = if from == to {
            ChangeKind::Output
        } else {
            ChangeKind::Status { from, to }
        };
        let old = read_output(self.store, &was.log, COMPARED).await?;
        let new = read_output(self.store, &is.log, COMPARED).await?;
        // That a command which did not run printed nothing is no news.
        let is_silent = kind != ChangeKind::Output && (old.is_empty() || new.is_empty());
        let compared = |output| comparable(output, self.normal, &is.name);
        let difference = difference(&compared(&old), &compared(&new)).filter(|_| !is_silent);
        Ok(self.add((step, kind), difference, is))
    }

    /// Adds a target to a change and returns the change's place.
    fn add(
        &mut self,
        (step, kind): (&str, ChangeKind),
        difference: Option<String>,
        target: &Target,
    ) -> usize {
        let lines = difference.as_deref().map(essence).unwrap_or_default();
        let key = (step.to_owned(), kind.clone(), lines);
        let next = self.result.changes.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            let fault = target.fault.as_ref();
            let now = fault.filter(|_| !matches!(kind, ChangeKind::Gone { .. }));
            self.result.changes.push(Change {
                step: step.to_owned(),
                kind,
                difference,
                message: now.map(|fault| fault.message.clone()),
                targets: Vec::new(),
            });
        }
        let targets = &mut self.result.changes[place].targets;
        targets.push(target.name.clone());
        place
    }
}

/// Returns targets by name; one that is there several times is told apart by its turn.
fn by_name(targets: &[Target]) -> BTreeMap<(&str, usize), &Target> {
    let mut turns: HashMap<&str, usize> = HashMap::new();
    let targets = targets.iter();
    targets
        .map(|target| {
            let turn = turns.entry(&target.name).or_default();
            *turn += 1;
            ((target.name.as_str(), *turn), target)
        })
        .collect()
}
