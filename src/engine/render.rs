//! From the expressions of a task to values: everything that a unit runs with.

use crate::base::value::{Map, Value, kind};
use crate::engine::event::Failure;
use crate::engine::scope::StateScope;
use crate::template::expr::{EvaluateError, Expression, Pseudo, Reference, condition};
use crate::template::model::Task;

/// Makes the failure of a task that cannot be rendered.
pub(super) fn evaluation(task: &Task, reason: &str) -> Failure {
    Failure {
        code: "Evaluation".into(),
        message: format!("task `{}`: {reason}", task.name.value),
    }
}

/// Tells whether the task is an `ACS::Loop`.
pub(super) fn is_loop_action(task: &Task) -> bool {
    task.action.value.is("ACS::Loop")
}

/// Evaluates one part of a task; `path` is the key that people know it by.
pub(super) fn evaluate(
    task: &Task,
    path: &str,
    expression: &Expression,
    scope: &StateScope,
) -> Result<Value, Failure> {
    expression
        .evaluate(scope)
        .map_err(|error| broken(task, path, &error))
}

/// Makes the failure of an expression that has no value.
fn broken(task: &Task, path: &str, error: &EvaluateError) -> Failure {
    let path = match error.path.as_str() {
        "" => path.to_owned(),
        inner if inner.starts_with('[') => format!("{path}{inner}"),
        inner => format!("{path}.{inner}"),
    };
    evaluation(task, &format!("{} (at `{path}`)", error.message))
}

/// Evaluates the properties of a task. `overrides` stand in for those of the same name, which are
/// then not evaluated at all.
pub(super) fn properties(
    task: &Task,
    overrides: Option<&Map>,
    scope: &StateScope,
) -> Result<Map, Failure> {
    let Some(expression) = &task.properties else {
        return Ok(overrides.cloned().unwrap_or_default());
    };
    let (Some(overrides), Some(entries)) = (overrides, expression.entries()) else {
        let evaluated = evaluate(task, "Properties", expression, scope)?;
        let mut properties = as_map(task, evaluated)?;
        properties.extend(overrides.cloned().unwrap_or_default());
        return Ok(properties);
    };
    let mut properties = overrides.clone();
    for entry in entries {
        if !overrides
            .keys()
            .any(|given| given.eq_ignore_ascii_case(&entry.key))
        {
            let path = format!("Properties.{}", entry.key);
            let value = evaluate(task, &path, &entry.value, scope)?;
            properties.insert(entry.key.clone(), value);
        }
    }
    Ok(properties)
}

fn as_map(task: &Task, value: Value) -> Result<Map, Failure> {
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        other => {
            let reason = format!("`Properties` must be a map, not {}", kind(&other));
            Err(evaluation(task, &reason))
        }
    }
}

/// Tells whether a task is to run: its `When`.
pub(super) fn is_wanted(task: &Task, scope: &StateScope) -> Result<bool, Failure> {
    match &task.when {
        None => Ok(true),
        Some(when) => condition(when, scope).map_err(|error| broken(task, "When", &error)),
    }
}

/// Returns the truth of a condition whose value has been evaluated; a text may name a condition
/// of the template.
pub(super) fn is_true(
    task: &Task,
    path: &str,
    value: Value,
    scope: &StateScope,
) -> Result<bool, Failure> {
    condition(&Expression::literal(value), scope).map_err(|error| broken(task, path, &error))
}

/// Tells whether an expression names the loop item, and so means something else for each.
pub(super) fn names_item(expression: &Expression) -> bool {
    expression
        .references()
        .iter()
        .any(|reference| reference.value == Reference::Pseudo(Pseudo::TaskLoopItem))
}
