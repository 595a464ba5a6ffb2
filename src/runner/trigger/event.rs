//! Which events a trigger accepts, and what it makes of them (language reference 4.12).

use crate::base::value::{Map, Value, find, loosely_equal};
use crate::engine::event::TriggerKind;
use crate::template::expr::Selector;

/// Why an event does not fire a trigger.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// The trigger waits for others.
    #[error("`{field}` of the event is {found}, and the trigger waits for {wanted}")]
    Other {
        /// The field of the event.
        field: String,
        /// What it holds.
        found: String,
        /// What the trigger accepts.
        wanted: String,
    },
    /// The trigger's `OutputTransformer` makes nothing of it.
    #[error("the `OutputTransformer` of the trigger makes nothing of the event: {reason}")]
    Transformer {
        /// Why, in words.
        reason: String,
    },
}

/// Fields of an event, the properties that name what is accepted of them, and whether an event must have
/// them. Whoever watches machines of their own knows no regions.
const EVENT: [(&str, &str, bool); 4] = [
    ("product", "Product", true),
    ("name", "Name", true),
    ("level", "Level", true),
    ("regionId", "RegionId", false),
];

/// The same of an alarm. What an alarm leaves out is not asked for: whoever sends it watches one
/// metric, and its thresholds are judged there.
const ALARM: [(&str, &str); 2] = [("namespace", "Namespace"), ("metricName", "MetricName")];

/// Returns the document that an event becomes, if the trigger with these settings accepts it.
pub fn accept(kind: TriggerKind, settings: &Map, event: Value) -> Result<Value, Refusal> {
    match kind {
        TriggerKind::Timer => return Ok(event),
        TriggerKind::Event => {
            for (field, property, is_required) in EVENT {
                let found = find_in(&event, field);
                expect(settings, property, field, found, is_required)?;
            }
            expect_content(settings, &event)?;
        }
        TriggerKind::Alarm => {
            for (field, property) in ALARM {
                expect(settings, property, field, find_in(&event, field), false)?;
            }
        }
    }
    transform(settings, event)
}

fn expect(
    settings: &Map,
    property: &str,
    field: &str,
    found: Option<&Value>,
    is_required: bool,
) -> Result<(), Refusal> {
    let wanted = accepted(find(settings, property));
    if wanted.is_empty() || (found.is_none() && !is_required) {
        return Ok(());
    }
    if found.is_some_and(|found| wanted.iter().any(|value| is_same(value, found))) {
        return Ok(());
    }
    Err(Refusal::Other {
        field: field.to_owned(),
        found: found.map_or_else(|| "not there".to_owned(), Value::to_string),
        wanted: Value::Array(wanted).to_string(),
    })
}

/// Every field that the trigger names must hold one of the values that it names.
fn expect_content(settings: &Map, event: &Value) -> Result<(), Refusal> {
    let Some(Value::Object(wanted)) = find(settings, "Content") else {
        return Ok(());
    };
    let content = find_in(event, "content").unwrap_or(&Value::Null);
    for (name, values) in wanted {
        let found = find_in(content, name);
        let values = accepted(Some(values));
        let fits = found.is_some_and(|found| values.iter().any(|value| is_same(value, found)));
        if !values.is_empty() && !fits {
            return Err(Refusal::Other {
                field: format!("content.{name}"),
                found: found.map_or_else(|| "not there".to_owned(), Value::to_string),
                wanted: Value::Array(values).to_string(),
            });
        }
    }
    Ok(())
}

/// Returns the values that a property accepts: those of a list, or one alone.
fn accepted(property: Option<&Value>) -> Vec<Value> {
    match property {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(values)) => values.clone(),
        Some(Value::String(text)) if text.is_empty() => Vec::new(),
        Some(value) => vec![value.clone()],
    }
}

fn is_same(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::String(wanted), Value::String(found)) => wanted.eq_ignore_ascii_case(found),
        // An event may name several resources; one of them is enough.
        (_, Value::Array(found)) => found.iter().any(|found| is_same(wanted, found)),
        _ => loosely_equal(wanted, found),
    }
}

fn find_in<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object().and_then(|map| find(map, name))
}

fn transform(settings: &Map, event: Value) -> Result<Value, Refusal> {
    let Some(Value::String(program)) = find(settings, "OutputTransformer") else {
        return Ok(event);
    };
    if program.trim().is_empty() {
        return Ok(event);
    }
    let result = Selector::compile(program).and_then(|selector| selector.first(&event));
    match result {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(Refusal::Transformer {
            reason: "it has no result".to_owned(),
        }),
        Err(error) => Err(Refusal::Transformer {
            reason: error.to_string(),
        }),
    }
}
