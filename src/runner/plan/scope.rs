//! What is known before a run: parameters, and outputs of steps that only read.

use std::collections::BTreeMap;

use crate::base::name::Name;
use crate::base::value::{Map, Value, find};
use crate::runner::plan::look_up::LookUp;
use crate::runner::scope::StartScope;
use crate::template::expr::{Expression, Pseudo, Reference, Scope};
use crate::template::model::{Task, Template};

/// Resolves what is known. A name that is not known has no value here, so whatever depends on it
/// evaluates to an error: it is only known at run time.
#[derive(Debug)]
pub(super) struct KnownScope<'a> {
    pub(super) template: &'a Template,
    pub(super) parameters: Map,
    pub(super) start: StartScope<'a>,
    /// Outputs of steps that have been looked up, by task.
    pub(super) outputs: BTreeMap<Name, Map>,
    /// Steps whose outputs nothing has referred to yet.
    pub(super) look_ups: Vec<LookUp<'a>>,
}

impl KnownScope<'_> {
    /// Tells whether what a task runs with may depend on a step that is still to be looked up. The
    /// conditions of the template count as part of every task.
    pub(super) fn waits_for(&self, task: &Task) -> bool {
        let conditions = self.template.conditions.iter();
        let items = task.looping.iter().map(|looping| &looping.items);
        let mut references = conditions
            .map(|condition| &condition.expression)
            .chain(&task.properties)
            .chain(items)
            .flat_map(Expression::references);
        let waits = |name: &Name| {
            let mut look_ups = self.look_ups.iter();
            look_ups.any(|look_up| look_up.task.name.value == *name)
        };
        !self.look_ups.is_empty()
            && references.any(|reference| match &reference.value {
                Reference::Output { task, .. } => waits(task),
                Reference::Parameter(_)
                | Reference::Pseudo(_)
                | Reference::Stored(_)
                | Reference::Secret(_) => false,
            })
    }
}

impl Scope for KnownScope<'_> {
    fn parameter(&self, name: &Name) -> Option<Value> {
        find(&self.parameters, name.as_str()).cloned()
    }

    fn output(&self, task: &Name, output: &Name) -> Option<Value> {
        find(self.outputs.get(task)?, output.as_str()).cloned()
    }

    fn pseudo(&self, pseudo: Pseudo) -> Option<Value> {
        match pseudo {
            // The time of the run is not the time of the plan.
            Pseudo::CurrentDate | Pseudo::CurrentUtcTime | Pseudo::ExecutionId => None,
            _ => self.start.pseudo(pseudo),
        }
    }

    fn stored(&self, path: &str) -> Option<Value> {
        self.start.stored(path)
    }

    fn secret(&self, path: &str) -> Option<Value> {
        self.start.secret(path)
    }

    fn condition(&self, name: &Name) -> Option<&Expression> {
        let condition = self
            .template
            .conditions
            .iter()
            .find(|c| c.name.value == *name)?;
        Some(&condition.expression)
    }
}
