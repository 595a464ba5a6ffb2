//! What the names of a template stand for at a point of its execution.

use crate::base::name::Name;
use crate::base::time::{Timestamp, utc_date, utc_text};
use crate::base::value::{Value, find};
use crate::engine::state::State;
use crate::template::expr::{Expression, Pseudo, Scope};

/// The version of the helper program that package templates download into instances; it says
/// nothing about `oos` itself.
const OOS_UTIL_VERSION: &str = "1.0.0";

/// The names as the task, or one loop item of it, sees them.
#[derive(Clone, Copy, Debug)]
pub(super) struct StateScope<'a> {
    pub state: &'a State,
    pub now: Timestamp,
    pub item: Option<&'a Value>,
}

impl Scope for StateScope<'_> {
    fn parameter(&self, name: &Name) -> Option<Value> {
        let started = self.state.started.as_ref()?;
        find(&started.parameters, name.as_str())
            .or_else(|| find(&started.outer.as_ref()?.parameters, name.as_str()))
            .cloned()
    }

    fn output(&self, task: &Name, output: &Name) -> Option<Value> {
        if let Some((place, _)) = self.state.template.task(task.as_str()) {
            // Skipped, unreached and failed tasks have no outputs: absent, not an error.
            let outputs = &self.state.tasks.get(place)?.outputs;
            return Some(find(outputs, output.as_str()).cloned().unwrap_or_default());
        }
        let outer = self.state.started.as_ref()?.outer.as_ref()?;
        let (_, outputs) = outer
            .outputs
            .iter()
            .find(|(name, _)| task.is(name.as_str()))?;
        Some(find(outputs, output.as_str()).cloned().unwrap_or_default())
    }

    fn pseudo(&self, pseudo: Pseudo) -> Option<Value> {
        let started = self.state.started.as_ref()?;
        let text = match pseudo {
            Pseudo::RegionId => started.region.clone(),
            Pseudo::AccountId => started.account.clone(),
            Pseudo::ExecuteUser => started.user.clone(),
            Pseudo::ExecutionId => started.id.to_string(),
            Pseudo::CurrentDate => utc_date(self.now),
            Pseudo::CurrentUtcTime => utc_text(self.now),
            Pseudo::OosUtilVersion => OOS_UTIL_VERSION.to_owned(),
            Pseudo::TaskLoopItem => {
                let outer = started.outer.as_ref().map(|outer| &outer.item);
                return self.item.or(outer).cloned();
            }
        };
        Some(Value::String(text))
    }

    fn stored(&self, path: &str) -> Option<Value> {
        self.state.started.as_ref()?.stored.get(path).cloned()
    }

    fn secret(&self, path: &str) -> Option<Value> {
        let started = self.state.started.as_ref()?;
        started.stored_secrets.get(path).cloned()
    }

    fn condition(&self, name: &Name) -> Option<&Expression> {
        let conditions = &self.state.template.conditions;
        conditions
            .iter()
            .find(|condition| condition.name.value == *name)
            .map(|condition| &condition.expression)
    }
}
