//! The minijinja environment: strict, without loaders, bounded, and printing JSON.

use std::sync::LazyLock;

use minijinja::value::{Serde, Value as JinjaValue, ValueKind};
use minijinja::{Environment, ErrorKind, Expression, Output, State, UndefinedBehavior};

use crate::base::value::{Map, Value, text};

/// Instructions that one expression may run.
const FUEL: u64 = 10_000;
/// Largest result in bytes of its JSON text.
const MAX_RESULT: usize = 1 << 20;

/// Returns the environment that expressions are compiled in.
pub(super) fn shared() -> &'static Environment<'static> {
    static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_formatter(write_value);
        environment.set_fuel(Some(FUEL));
        environment
    });
    &ENVIRONMENT
}

/// Evaluates a compiled expression with these names.
pub(super) fn evaluate(expression: &Expression<'_, '_>, names: Map) -> Result<Value, String> {
    let result = expression
        .eval(JinjaValue::from(Serde(Value::Object(names))))
        .map_err(|error| reason(&error))?;
    if result.is_undefined() {
        // Strict mode still returns an undefined result as a value.
        return Err("the expression is undefined".to_owned());
    }
    let value = serde_json::to_value(&result).map_err(|error| error.to_string())?;
    if text(&value).len() > MAX_RESULT {
        return Err(format!("the result is longer than {MAX_RESULT} bytes"));
    }
    Ok(value)
}

/// Writes a value as the language does: strings raw, `null` empty, all else compact JSON.
fn write_value(
    out: &mut Output<'_>,
    _state: &mut State<'_, '_>,
    value: &JinjaValue,
) -> Result<(), minijinja::Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    let written = match (value.as_str(), value.kind()) {
        (Some(text), _) => out.write_str(text),
        (None, ValueKind::None) => Ok(()),
        (None, _) => {
            let value = serde_json::to_value(value).map_err(|error| {
                minijinja::Error::new(ErrorKind::BadSerialization, error.to_string())
            })?;
            out.write_str(&text(&value))
        }
    };
    written.map_err(|_| minijinja::Error::from(ErrorKind::WriteFailure))
}

/// Returns what went wrong in words.
fn reason(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// Renders a whole template with these names.
pub(super) fn render(template: &str, names: Map) -> Result<String, String> {
    shared()
        .render_str(template, JinjaValue::from(Serde(Value::Object(names))))
        .map_err(|error| reason(&error))
}
