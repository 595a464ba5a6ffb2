//! From the expressions of a task to values: everything that a unit runs with.

use crate::base::name::Name;
use crate::base::value::{Map, Value, kind, truth};
use crate::engine::event::Failure;
use crate::engine::scope::StateScope;
use crate::template::expr::{Expression, Pseudo, Reference, Scope};
use crate::template::model::Task;
use crate::template::yaml::{Node, NodeKind};

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
    expression.evaluate(scope).map_err(|error| {
        let path = match (error.path.as_str(), path) {
            ("", path) => path.to_owned(),
            (inner, "") => inner.to_owned(),
            (inner, path) => format!("{path}.{inner}"),
        };
        evaluation(task, &format!("{} (at `{path}`)", error.message))
    })
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
    let value = match overrides {
        None => evaluate(task, "Properties", expression, scope)?,
        Some(overrides) => {
            let kept = without(expression.node(), |key| {
                overrides
                    .keys()
                    .any(|given| given.eq_ignore_ascii_case(key))
            });
            // Parsed without complaint before the execution began.
            let kept = Expression::parse(&kept, &mut Vec::new());
            evaluate(task, "Properties", &kept, scope)?
        }
    };
    let mut properties = match value {
        Value::Object(map) => map,
        Value::Null => Map::new(),
        other => {
            let reason = format!("`Properties` must be a map, not {}", kind(&other));
            return Err(evaluation(task, &reason));
        }
    };
    for (key, value) in overrides.into_iter().flatten() {
        properties.insert(key.clone(), value.clone());
    }
    Ok(properties)
}

/// Returns a map without some of its keys.
pub(super) fn without(node: &Node, is_dropped: impl Fn(&str) -> bool) -> Node {
    let NodeKind::Map(entries) = &node.kind else {
        return node.clone();
    };
    Node {
        span: node.span,
        kind: NodeKind::Map(
            entries
                .iter()
                .filter(|entry| !is_dropped(&entry.key))
                .cloned()
                .collect(),
        ),
    }
}

/// Tells whether a task is to run: its `When`, or the named condition that it names.
pub(super) fn is_wanted(task: &Task, scope: &StateScope) -> Result<bool, Failure> {
    let Some(when) = &task.when else {
        return Ok(true);
    };
    let value = evaluate(task, "When", when, scope)?;
    condition(task, "When", value, scope)
}

/// Returns the truth of a condition's value; a text may name a condition of the template.
pub(super) fn condition(
    task: &Task,
    path: &str,
    value: Value,
    scope: &StateScope,
) -> Result<bool, Failure> {
    let value = match &value {
        Value::String(name) => match scope.condition(&Name::from(name.as_str())) {
            Some(condition) => evaluate(task, path, condition, scope)?,
            None => value,
        },
        _ => value,
    };
    truth(&value).ok_or_else(|| {
        evaluation(
            task,
            &format!("`{value}` is neither true nor false (at `{path}`)"),
        )
    })
}

/// Tells whether an expression names the loop item, and so means something else for each.
pub(super) fn names_item(expression: &Expression) -> bool {
    expression
        .references()
        .iter()
        .any(|reference| reference.value == Reference::Pseudo(Pseudo::TaskLoopItem))
}
