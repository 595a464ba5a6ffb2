//! From an answer to the outputs of a task (language reference 2.3 and 2.8).

use crate::base::name::Name;
use crate::base::value::{Map, Number, Value, find, text};
use crate::engine::event::Failure;
use crate::engine::render::{evaluation, is_loop_action};
use crate::engine::scope::StateScope;
use crate::engine::state::{Item, LoopState};
use crate::template::expr::Selector;
use crate::template::model::{AggregateType, Task, TaskOutput};
use crate::template::output;

/// Selects the outputs of `task` from the document that its action answered.
pub(super) fn select(task: &Task, document: &Value, scope: &StateScope) -> Result<Map, Failure> {
    task.outputs
        .iter()
        .map(|output| {
            let value = select_one(output, document, scope).map_err(|reason| {
                evaluation(task, &format!("output `{}`: {reason}", output.name.value))
            })?;
            Ok((output.name.value.as_str().to_owned(), value))
        })
        .collect()
}

/// Selects what can be had: an output that cannot is left out.
pub(super) fn select_leniently(task: &Task, document: &Value, scope: &StateScope) -> Map {
    task.outputs
        .iter()
        .filter_map(|output| {
            let value = select_one(output, document, scope).ok()?;
            Some((output.name.value.as_str().to_owned(), value))
        })
        .collect()
}

fn select_one(
    declared: &TaskOutput,
    document: &Value,
    scope: &StateScope,
) -> Result<Value, String> {
    let selector = declared.selector.evaluate(scope);
    let program = match selector.map_err(|error| error.to_string())? {
        Value::String(program) => program,
        value => return Ok(value),
    };
    let selector = Selector::compile(&program).map_err(|error| error.to_string())?;
    output::select(declared.value_type.value, &selector, document)
        .map_err(|error| error.to_string())
}

/// Reads a number, whole where it is written so.
fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    text.parse::<i64>()
        .map(Number::from)
        .ok()
        .or_else(|| Number::from_f64(text.parse().ok()?))
}

/// Returns the outputs of an item that the loop's outputs collect, in the order of the loop's
/// outputs.
pub(super) fn collected(task: &Task) -> Vec<&Name> {
    let Some(looping) = &task.looping else {
        return if is_loop_action(task) {
            task.outputs
                .iter()
                .map(|output| &output.name.value)
                .collect()
        } else {
            Vec::new()
        };
    };
    looping
        .outputs
        .iter()
        .map(|output| &output.field.value)
        .collect()
}

/// Returns an item's output of that name, `null` if it has none.
pub(super) fn lookup(outputs: &Map, name: &Name) -> Value {
    find(outputs, name.as_str()).cloned().unwrap_or_default()
}

/// Makes the outputs of a loop from the values of its items, in item order; an item that did not
/// end well counts as `null`.
pub(super) fn aggregate(task: &Task, looping: &LoopState) -> Map {
    let column = |place: usize| {
        looping.items.iter().map(move |item| match item {
            Item::Success(Some(values)) => values.get(place).cloned().unwrap_or_default(),
            Item::Success(None)
            | Item::Pending
            | Item::Active
            | Item::Failed
            | Item::Skipped
            | Item::Unreached
            | Item::Deferred => Value::Null,
        })
    };
    let Some(declared) = &task.looping else {
        let names = task.outputs.iter().map(|output| output.name.value.as_str());
        return names
            .enumerate()
            .map(|(place, name)| (name.to_owned(), column(place).collect()))
            .collect();
    };
    declared
        .outputs
        .iter()
        .enumerate()
        .map(|(place, output)| {
            let value = match output.aggregate_type.value {
                AggregateType::ListJoin => column(place).collect(),
                AggregateType::Sum => sum(column(place)),
            };
            (output.name.value.as_str().to_owned(), value)
        })
        .collect()
}

/// Adds numbers and numeric texts; everything else counts as nothing. Whole numbers stay whole.
fn sum(values: impl Iterator<Item = Value>) -> Value {
    let mut whole: i64 = 0;
    let mut fraction = 0.0;
    let mut is_whole = true;
    for number in values.filter_map(|value| number(&text(&value))) {
        let added = number.as_i64().and_then(|number| whole.checked_add(number));
        if let Some(added) = added {
            whole = added;
        } else {
            is_whole = false;
            fraction += number.as_f64().unwrap_or_default();
        }
    }
    if is_whole {
        return Value::from(whole);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a sum with fractions is a double anyway"
    )]
    let whole = whole as f64;
    Number::from_f64(whole + fraction).map_or(Value::Null, Value::Number)
}
