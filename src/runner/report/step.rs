//! One step of a report: a task that ran a command on many targets.

use std::collections::{BTreeMap, HashMap};

use crate::base::failure::FailureClass;
use crate::engine::status::TaskStatus;
use crate::provider::inventory::fold;
use crate::runner::report::{Group, GroupKey, Normal, Output, Target, difference};

/// A task, or a task of child executions, and what it came to on each target.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The task's name; for a task of child executions the names of the tasks above before it, with
    /// slashes.
    pub name: String,
    /// The targets, in the order of the loop.
    pub targets: Vec<Target>,
    /// The groups: largest first, those of the same size in the order of the loop.
    pub groups: Vec<Group>,
}

/// How many targets failed in one way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClassCount {
    /// The class.
    pub class: FailureClass,
    /// How many targets.
    pub count: usize,
}

/// Puts a step together while targets come.
#[derive(Debug)]
pub(super) struct StepBuilder {
    name: String,
    targets: Vec<Target>,
    groups: Vec<Group>,
    known: HashMap<GroupKey, usize>,
}

impl StepBuilder {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            targets: Vec::new(),
            groups: Vec::new(),
            known: HashMap::new(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Takes a target whose output has this hash.
    pub(super) fn add(&mut self, mut target: Target, hash: [u8; 32]) {
        let fault = target.fault.as_ref();
        let key = GroupKey {
            status: target.status,
            code: fault.map(|fault| fault.code.clone()).unwrap_or_default(),
            hash,
        };
        let next = self.groups.len();
        let group = *self.known.entry(key.clone()).or_insert(next);
        if group == next {
            self.groups.push(Group {
                key,
                class: target.class(),
                members: Vec::new(),
                output: None,
            });
        }
        self.groups[group].members.push(self.targets.len());
        target.group = group;
        self.targets.push(target);
    }

    /// Returns the step, its groups in order.
    pub(super) fn finish(mut self) -> Step {
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.sort_by_key(|group| std::cmp::Reverse(self.groups[*group].members.len()));
        let mut places = vec![0; order.len()];
        for (place, group) in order.iter().enumerate() {
            places[*group] = place;
        }
        for target in &mut self.targets {
            target.group = places[target.group];
        }
        let mut groups: Vec<Option<Group>> = self.groups.into_iter().map(Some).collect();
        let groups = order.into_iter().filter_map(|group| groups[group].take());
        Step {
            name: self.name,
            targets: self.targets,
            groups: groups.collect(),
        }
    }
}

impl Step {
    /// Returns how many targets have which status, in the order of the statuses' first targets.
    pub fn statuses(&self) -> Vec<(TaskStatus, usize)> {
        let mut counts: Vec<(TaskStatus, usize)> = Vec::new();
        for group in &self.groups {
            let status = group.key.status;
            match counts.iter_mut().find(|(known, _)| *known == status) {
                Some((_, count)) => *count += group.members.len(),
                None => counts.push((status, group.members.len())),
            }
        }
        counts
    }

    /// Returns how many targets have this status.
    pub fn count(&self, status: TaskStatus) -> usize {
        let statuses = self.statuses().into_iter();
        statuses
            .filter(|(known, _)| *known == status)
            .map(|(_, count)| count)
            .sum()
    }

    /// Returns the classes of failure that there are, in the order of [`FailureClass::ALL`].
    pub fn classes(&self) -> Vec<ClassCount> {
        let mut counts: BTreeMap<FailureClass, usize> = BTreeMap::new();
        for group in &self.groups {
            if let Some(class) = group.class {
                *counts.entry(class).or_default() += group.members.len();
            }
        }
        let all = FailureClass::ALL.into_iter();
        all.filter_map(|class| {
            let count = *counts.get(&class)?;
            Some(ClassCount { class, count })
        })
        .collect()
    }

    /// Returns the names of the targets that failed in one way, folded.
    pub fn names_of_class(&self, class: FailureClass) -> String {
        let targets = self.targets.iter();
        let failed = targets.filter(|target| target.class() == Some(class));
        fold(failed.map(|target| target.name.as_str()))
    }

    /// Returns the names of a group, folded.
    pub fn names_of(&self, group: &Group) -> String {
        let members = group.members.iter();
        fold(members.map(|target| self.targets[*target].name.as_str()))
    }

    /// Returns the first target of a group.
    pub fn first_of(&self, group: &Group) -> &Target {
        &self.targets[group.members[0]]
    }

    /// Returns the group that the others are compared with: the largest that printed something, if
    /// no other is as large.
    pub fn majority(&self) -> Option<usize> {
        let printed = |group: &Group| group.output.as_ref().is_some_and(|o| !o.is_empty());
        let mut with_output = self.groups.iter().enumerate().filter(|(_, g)| printed(g));
        let (place, first) = with_output.next()?;
        let is_larger = with_output
            .next()
            .is_none_or(|(_, second)| second.members.len() < first.members.len());
        is_larger.then_some(place)
    }

    /// Returns how the output of a group differs from the majority's, if that says it in fewer lines
    /// than the output itself does.
    pub fn odd_lines(&self, group: usize, normal: Normal) -> Option<String> {
        let majority = self.majority().filter(|majority| *majority != group)?;
        let compared = |group: usize| {
            let group = &self.groups[group];
            let output = group.output.as_ref().filter(|output| !output.is_empty())?;
            let name = &self.first_of(group).name;
            Some(comparable(output, normal, name))
        };
        let (old, new) = (compared(majority)?, compared(group)?);
        let lines = difference(&old, &new)?;
        let count = |text: &str| text.lines().filter(|line| !line.starts_with("@@")).count();
        (count(&lines) <= new.lines().count() + 1).then_some(lines)
    }
}

/// Returns an output as it is compared.
pub(super) fn comparable(output: &Output, normal: Normal, host: &str) -> String {
    let text = output.text();
    normal.text(&text, host).into_owned()
}
