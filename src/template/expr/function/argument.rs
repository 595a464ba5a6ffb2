//! Takes argument values apart; messages say which argument is not what it should be.

use crate::base::value::{Map, Value, kind, text};

/// Returns exactly `N` arguments, `null` for those that were left out.
pub(super) fn take<const N: usize>(arguments: Vec<Value>) -> [Value; N] {
    let mut arguments = arguments.into_iter();
    std::array::from_fn(|_| arguments.next().unwrap_or(Value::Null))
}

/// Returns the elements of a list; a text is read as JSON, `null` is an empty list.
pub(super) fn list(value: Value, what: &str) -> Result<Vec<Value>, String> {
    match parsed(value) {
        Value::Array(elements) => Ok(elements),
        Value::Null => Ok(Vec::new()),
        other => Err(expected("a list", what, &other)),
    }
}

/// Returns the entries of a map; a text is read as JSON.
pub(super) fn map(value: Value, what: &str) -> Result<Map, String> {
    match parsed(value) {
        Value::Object(entries) => Ok(entries),
        other => Err(expected("a map", what, &other)),
    }
}

/// Returns the text of a scalar; `null` is empty.
pub(super) fn scalar_text(value: &Value, what: &str) -> Result<String, String> {
    match value {
        Value::Array(_) | Value::Object(_) => Err(expected("a string", what, value)),
        scalar => Ok(text(scalar)),
    }
}

/// Returns a number, also from numeric text.
pub(super) fn number(value: &Value, what: &str) -> Result<f64, String> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text
            .trim()
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite()),
        _ => None,
    }
    .ok_or_else(|| expected("a number", what, value))
}

/// Returns a whole number, also from numeric text.
pub(super) fn integer(value: &Value, what: &str) -> Result<i64, String> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| expected("a whole number", what, value))
}

/// Says that `what` is something else than it has to be.
pub(super) fn expected(expected: &str, what: &str, found: &Value) -> String {
    format!("the {what} must be {expected}, not {}", kind(found))
}

/// Reads a text that holds a JSON list or map; anything else stays as it is.
pub(super) fn parsed(value: Value) -> Value {
    match &value {
        Value::String(text) if text.trim_start().starts_with(['[', '{']) => {
            serde_json::from_str(text).unwrap_or(value)
        }
        _ => value,
    }
}
