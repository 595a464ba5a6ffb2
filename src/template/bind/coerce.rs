//! From a value as given to a value of the declared type.

use crate::base::value::{self, Number, Value};
use crate::template::bind::argument::shown;
use crate::template::bind::binding::{BindError, Strictness};
use crate::template::model::{Parameter, ValueType};

/// Coerces a value. `null` stays, whatever the type: it means that there is no value.
pub(super) fn coerce(
    parameter: &Parameter,
    raw: &Value,
    strictness: Strictness,
) -> Result<Value, BindError> {
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let coerced = match parameter.value_type {
        ValueType::String => string(raw, strictness),
        ValueType::Number => number(raw),
        ValueType::Boolean => boolean(raw),
        ValueType::List => list(raw),
        ValueType::Json => Some(json(raw)),
    };
    coerced.ok_or_else(|| refused(parameter, raw))
}

fn string(raw: &Value, strictness: Strictness) -> Option<Value> {
    match raw {
        Value::Array(_) | Value::Object(_) if strictness == Strictness::TopLevel => None,
        Value::Array(_) | Value::Object(_) => Some(raw.clone()),
        _ => Some(Value::String(value::text(raw))),
    }
}

fn number(raw: &Value) -> Option<Value> {
    match raw {
        Value::Number(_) => Some(raw.clone()),
        Value::String(text) => text.trim().parse::<Number>().ok().map(Value::Number),
        _ => None,
    }
}

fn boolean(raw: &Value) -> Option<Value> {
    match raw {
        Value::Bool(_) => Some(raw.clone()),
        Value::String(text) if !text.is_empty() => value::truth(raw).map(Value::Bool),
        _ => None,
    }
}

fn list(raw: &Value) -> Option<Value> {
    match raw {
        Value::Array(_) => Some(raw.clone()),
        Value::Object(_) => None,
        Value::String(text) => Some(match serde_json::from_str(text) {
            Ok(list @ Value::Array(_)) => list,
            _ => Value::Array(vec![raw.clone()]),
        }),
        _ => Some(Value::Array(vec![raw.clone()])),
    }
}

/// Only a text that is a whole list or map is taken apart: `08` and `true` are texts.
fn json(raw: &Value) -> Value {
    match raw {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(parsed @ (Value::Array(_) | Value::Object(_))) => parsed,
            _ => raw.clone(),
        },
        _ => raw.clone(),
    }
}

fn refused(parameter: &Parameter, raw: &Value) -> BindError {
    let name = parameter.name.value.as_str();
    let expected = match parameter.value_type {
        ValueType::String => "a string",
        ValueType::Number => "a number",
        ValueType::Boolean => "`true` or `false`",
        ValueType::List => "a list",
        ValueType::Json => "a map or a list",
    };
    let given = match raw {
        Value::Array(_) | Value::Object(_) => value::kind(raw).to_owned(),
        _ => shown(parameter, raw),
    };
    BindError::new(
        name,
        format!("parameter `{name}` takes {expected}, not {given}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::source::Source;
    use crate::template::parse::parse;
    use serde_json::json;

    #[test]
    fn every_type_takes_what_the_reference_lists() {
        #[track_caller]
        fn case(value_type: &str, raw: &Value, expected: Option<&Value>) {
            let text = format!(
                "{{FormatVersion: OOS-2019-06-01, Parameters: {{p: {{Type: {value_type}}}}}, \
                 Tasks: [{{Name: t, Action: ACS::Pause}}]}}"
            );
            let template = parse(&Source::new("t", text)).template.unwrap();
            let coerced = coerce(&template.parameters[0], raw, Strictness::TopLevel);
            assert_eq!(coerced.ok().as_ref(), expected, "{value_type} from {raw}");
        }
        case("String", &json!("a"), Some(&json!("a")));
        case("String", &json!(600.0), Some(&json!("600")));
        case("String", &json!(false), Some(&json!("false")));
        case("String", &json!([]), None);
        case("Number", &json!("30"), Some(&json!(30)));
        case("Number", &json!(" 1.5 "), Some(&json!(1.5)));
        case("Number", &json!("x"), None);
        case("Number", &json!(""), None);
        case("Number", &json!(true), None);
        case("Boolean", &json!("TRUE"), Some(&json!(true)));
        case("Boolean", &json!("False"), Some(&json!(false)));
        case("Boolean", &json!("yes"), None);
        case("Boolean", &json!(""), None);
        case("Boolean", &json!(1), None);
        case("List", &json!("[1, 2]"), Some(&json!([1, 2])));
        case("List", &json!("InService"), Some(&json!(["InService"])));
        case("List", &json!(5), Some(&json!([5])));
        case("List", &json!({}), None);
        case("Json", &json!("{\"a\": 1}"), Some(&json!({"a": 1})));
        case("Json", &json!("[1]"), Some(&json!([1])));
        case("Json", &json!("08"), Some(&json!("08")));
        case("Json", &json!(5), Some(&json!(5)));
    }
}
