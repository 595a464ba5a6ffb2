//! Whether people decide in a run, as far as that can be told before it.
//!
//! In doubt they do: a plan too many costs a few reading calls, one too few would leave a decision that
//! is bound to nothing.

use std::sync::Arc;

use crate::base::value::Value;
use crate::engine::event::Started;
use crate::engine::status::{LoopMode, SafetyCheck};
use crate::runner::loop_step::{LoopStep, steps_of};
use crate::runner::plan::control::is_set_later;
use crate::runner::plan::repeats::is_looping;
use crate::runner::prepare::Prepared;
use crate::template::model::{Task, Template};

/// Words without which loops do not pause and no template is given in place, in lower case.
const WORDS: [&str; 2] = ["batchpauseoption", "templatecontent"];

/// Tells whether people may decide in a run.
pub(super) fn people_decide(prepared: &Prepared) -> bool {
    let started = &prepared.started;
    let called = prepared.closure.entries();
    let templates: Vec<&Template> = std::iter::once(&prepared.template)
        .chain(called.map(|entry| &entry.template))
        .map(Arc::as_ref)
        .collect();
    // Only the loops of the template that was started pause as its start says.
    let pauses =
        started.loop_mode != LoopMode::Automatic && prepared.template.tasks.iter().any(is_looping);
    pauses
        || started.safety_check == SafetyCheck::ConfirmEveryHighRiskAction
        || prepared.closure.is_dynamic()
        || given(started).any(is_mentioned)
        || templates.iter().any(|template| may_ask(template))
        || is_set_later(&templates)
}

/// Returns the values that a run is given from outside its templates.
fn given(started: &Started) -> impl Iterator<Item = &Value> {
    let stored = started.stored.values();
    let given = started.parameters.values().chain(stored);
    given.chain(started.stored_secrets.values())
}

fn may_ask(template: &Template) -> bool {
    is_mentioned(&template.root.to_value()) || template.tasks.iter().any(decides)
}

/// Tells whether some decision is mentioned in a value: as a key, or in a text that may be read as a
/// map.
fn is_mentioned(value: &Value) -> bool {
    let is_in = |text: &str| {
        let text = text.to_ascii_lowercase();
        WORDS.iter().any(|word| text.contains(word))
    };
    match value {
        Value::String(text) => {
            is_in(text) || unescaped(text).is_some_and(|value| is_mentioned(&value))
        }
        Value::Array(values) => values.iter().any(is_mentioned),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| is_in(key) || is_mentioned(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns what a text stands for that is JSON with escapes, in which words may hide.
fn unescaped(text: &str) -> Option<Value> {
    let value = text
        .contains('\\')
        .then(|| serde_json::from_str(text).ok())?;
    value.filter(|value: &Value| value.is_object() || value.is_array())
}

fn decides(task: &Task) -> bool {
    fn within(step: &LoopStep<'_>) -> bool {
        let asks = step.is("ACS::Approve") || step.is("ACS::Pause");
        asks || step.steps().iter().any(within)
    }
    let action = &task.action.value;
    let asks = action.is("ACS::Approve") || action.is("ACS::Pause");
    asks || steps_of(task).iter().any(within)
}
