//! How often a step runs, as far as that is known before the run.

use serde::Serialize;

use crate::base::value::Value;
use crate::runner::plan::scope::KnownScope;
use crate::template::model::Task;

/// How often a step runs.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub enum Repeats {
    /// Once.
    Once,
    /// Once for each of these items.
    Items(Vec<Value>),
    /// Once for each item of a list that is only known at run time.
    Unknown,
}

/// Tells whether a task runs once for each of some items.
pub(super) fn is_looping(task: &Task) -> bool {
    task.looping.is_some() || task.action.value.is("ACS::Loop")
}

/// Returns how often a task runs in a template that itself runs `outer`.
pub(super) fn repeats(task: &Task, scope: Option<&KnownScope<'_>>, outer: &Repeats) -> Repeats {
    match scope {
        _ if !is_looping(task) => outer.clone(),
        Some(scope) if *outer == Repeats::Once => own_repeats(task, scope),
        _ => Repeats::Unknown,
    }
}

fn own_repeats(task: &Task, scope: &KnownScope<'_>) -> Repeats {
    let items = match (&task.looping, &task.properties) {
        (Some(looping), _) => Some(&looping.items),
        (None, Some(properties)) => properties.get("LoopItems"),
        (None, None) => None,
    };
    match items.map(|items| items.evaluate(scope)) {
        None => Repeats::Once,
        Some(Ok(Value::Array(items))) => Repeats::Items(items),
        Some(Ok(Value::Null)) => Repeats::Items(Vec::new()),
        Some(Ok(_) | Err(_)) => Repeats::Unknown,
    }
}
