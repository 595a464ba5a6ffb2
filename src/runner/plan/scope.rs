//! What is known before a run: parameters, and outputs of steps that only read.

use std::collections::BTreeMap;

use crate::base::name::Name;
use crate::base::value::{Map, Value};
use crate::runner::scope::StartScope;
use crate::template::expr::{Expression, Pseudo, Scope};
use crate::template::model::Template;

/// Resolves what is known. A name that is not known has no value here, so whatever depends on it
/// evaluates to an error: it is only known at run time.
#[derive(Debug)]
pub(super) struct KnownScope<'a> {
    pub(super) template: &'a Template,
    pub(super) parameters: Map,
    pub(super) start: StartScope<'a>,
    /// Outputs of steps that have been looked up, by task.
    pub(super) outputs: BTreeMap<Name, Map>,
}

impl Scope for KnownScope<'_> {
    fn parameter(&self, name: &Name) -> Option<Value> {
        lookup(&self.parameters, name)
    }

    fn output(&self, task: &Name, output: &Name) -> Option<Value> {
        lookup(self.outputs.get(task)?, output)
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

fn lookup(map: &Map, name: &Name) -> Option<Value> {
    map.iter()
        .find(|(key, _)| name.is(key))
        .map(|(_, value)| value.clone())
}
