//! The minijinja environment: strict, without loaders, bounded, and printing JSON.
//!
//! minijinja counts instructions, but one instruction may make a value of any size. So only filters
//! that pay for their result exist, what templates may say is restricted (`restriction`), and all
//! output is counted.

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::LazyLock;

use minijinja::value::{Serde, Value as JinjaValue, ValueKind};
use minijinja::{Environment, ErrorKind, Expression, Output, State, UndefinedBehavior};

use crate::base::value::{Map, Value, text};
use crate::template::expr::restriction;

/// Instructions that one evaluation may run.
const FUEL: u64 = 200_000;
/// Largest result in bytes.
const MAX_RESULT: usize = 1 << 20;
/// Bytes that all filters of one evaluation may make together.
const MAX_FILTERED: usize = 16 << 20;
/// Deepest nesting of template calls.
const MAX_RECURSION: usize = 20;

thread_local! {
    /// What the filters of the evaluation under way may still make.
    static FILTERED: Cell<usize> = const { Cell::new(MAX_FILTERED) };
}

/// Returns the environment that expressions are compiled in.
pub(super) fn shared() -> &'static Environment<'static> {
    static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_formatter(write_value);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(MAX_RECURSION);
        // They hold state that grows from use to use, or show everything there is.
        for function in ["namespace", "debug", "dict"] {
            environment.remove_global(function);
        }
        bound_filters(&mut environment);
        environment
    });
    &ENVIRONMENT
}

/// Replaces the filters whose result may be much larger than their input, and removes those that
/// nothing is known about.
fn bound_filters(environment: &mut Environment<'static>) {
    for filter in [
        "batch", "slice", "groupby", "pprint", "format", "indent", "chain", "zip", "safe",
    ] {
        environment.remove_filter(filter);
    }
    environment.add_filter("replace", |text: String, from: String, to: String| {
        let count = text.matches(from.as_str()).count();
        pay(text.len().saturating_add(count.saturating_mul(to.len())))?;
        Ok::<_, minijinja::Error>(text.replace(from.as_str(), &to))
    });
    environment.add_filter("join", |list: JinjaValue, separator: Option<String>| {
        let separator = separator.unwrap_or_default();
        let mut joined = String::new();
        for (index, element) in list.try_iter()?.enumerate() {
            if index > 0 {
                joined.push_str(&separator);
            }
            joined.push_str(&plain_text(&element)?);
            pay(separator.len() + 64)?;
        }
        pay(joined.len())?;
        Ok::<_, minijinja::Error>(joined)
    });
    environment.add_filter("tojson", |value: JinjaValue| {
        let json = serde_json::to_string(&value).map_err(|error| {
            minijinja::Error::new(ErrorKind::BadSerialization, error.to_string())
        })?;
        pay(json.len())?;
        Ok::<_, minijinja::Error>(json)
    });
    environment.add_filter("list", |value: JinjaValue| {
        pay(value.len().unwrap_or(0).saturating_mul(32))?;
        Ok::<_, minijinja::Error>(value.try_iter()?.collect::<JinjaValue>())
    });
}

/// Pays for bytes that a filter makes.
fn pay(bytes: usize) -> Result<(), minijinja::Error> {
    let left = FILTERED.get().checked_sub(bytes).ok_or_else(|| {
        let message = format!("filters may make {MAX_FILTERED} bytes together");
        minijinja::Error::new(ErrorKind::InvalidOperation, message)
    })?;
    FILTERED.set(left);
    Ok(())
}

/// Evaluates a compiled expression with these names.
pub(super) fn evaluate(expression: &Expression<'_, '_>, names: Map) -> Result<Value, String> {
    FILTERED.set(MAX_FILTERED);
    let result = expression
        .eval(JinjaValue::from(Serde(Value::Object(names))))
        .map_err(|error| reason(&error))?;
    if result.is_undefined() {
        // Strict mode still returns an undefined result as a value.
        return Err("the expression is undefined".to_owned());
    }
    let value = serde_json::to_value(&result).map_err(|error| error.to_string())?;
    if text(&value).len() > MAX_RESULT {
        return Err(too_long());
    }
    Ok(value)
}

/// Renders a whole template with these names.
pub(super) fn render(template: &str, names: Map) -> Result<String, String> {
    restriction::check(template)?;
    FILTERED.set(MAX_FILTERED);
    let mut out = Bounded::default();
    let rendered = shared()
        .template_from_str(template)
        .and_then(|template| {
            template.render_captured_to(JinjaValue::from(Serde(Value::Object(names))), &mut out)
        })
        .map(drop);
    if out.full {
        return Err(too_long());
    }
    rendered.map_err(|error| {
        let line = error
            .line()
            .map_or_else(String::new, |line| format!(" in line {line}"));
        format!("{}{line}", reason(&error))
    })?;
    String::from_utf8(out.bytes).map_err(|error| error.to_string())
}

fn too_long() -> String {
    format!("the result is longer than {MAX_RESULT} bytes")
}

/// Output that ends where it becomes too long.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MAX_RESULT {
            self.full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
    out.write_str(&plain_text(value)?)
        .map_err(|_| minijinja::Error::from(ErrorKind::WriteFailure))
}

fn plain_text(value: &JinjaValue) -> Result<String, minijinja::Error> {
    if let Some(text) = value.as_str() {
        return Ok(text.to_owned());
    }
    if value.kind() == ValueKind::None {
        return Ok(String::new());
    }
    serde_json::to_value(value)
        .map(|value| text(&value))
        .map_err(|error| minijinja::Error::new(ErrorKind::BadSerialization, error.to_string()))
}

/// Returns what went wrong in words.
fn reason(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}
