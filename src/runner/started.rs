//! What the record of a start says of its template.

use crate::base::value::{Map, text};
use crate::engine::event::TaskHead;
use crate::runner::handle::Runner;
use crate::runner::scope::StartScope;
use crate::template::model::{Task, Template};

impl Runner {
    /// Returns the actions of a template that the provider serves itself, in lower case.
    pub(super) fn native_actions(&self, template: &Template) -> Vec<String> {
        let mut native: Vec<String> = template
            .tasks
            .iter()
            .map(|task| task.action.value.key())
            .filter(|action| {
                self.catalog()
                    .native()
                    .iter()
                    .any(|n| n.name.eq_ignore_ascii_case(action))
            })
            .collect();
        native.sort();
        native.dedup();
        native
    }
}

/// Returns name and action of every task.
pub(super) fn task_heads(template: &Template) -> Vec<TaskHead> {
    let head = |task: &Task| TaskHead {
        name: task.name.value.as_str().to_owned(),
        action: task.action.value.as_str().to_owned(),
    };
    template.tasks.iter().map(head).collect()
}

/// Returns the names of the parameters that must not be shown.
pub(super) fn secret_names(template: &Template) -> Vec<String> {
    template
        .parameters
        .iter()
        .filter(|parameter| parameter.no_echo)
        .map(|parameter| parameter.name.value.as_str().to_owned())
        .collect()
}

/// Returns the role that a template names with its parameters; an empty one is the caller's
/// identity (language reference 1.7).
pub(super) fn role(
    template: &Template,
    parameters: &Map,
    scope: &StartScope<'_>,
) -> Option<String> {
    let role = template.ram_role.as_ref()?;
    let scope = StartScope {
        parameters: Some(parameters),
        ..scope.clone()
    };
    let value = role.evaluate(&scope).ok()?;
    Some(text(&value)).filter(|role| !role.is_empty())
}
