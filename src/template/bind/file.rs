//! Parameter files: a YAML or JSON map from parameter names to values.

use serde_json::Number;

use crate::base::value::{Map, Value, kind};

/// The largest file that is read, in bytes: a list of 100,000 targets fits many times.
pub const ARGUMENT_FILE_LIMIT: usize = 16 << 20;

/// Why a text is no map of parameters.
#[derive(Debug, thiserror::Error)]
pub enum ArgumentFileError {
    /// It is too large.
    #[error("the text has {0} bytes; at most {ARGUMENT_FILE_LIMIT} are read")]
    TooLarge(usize),
    /// It is no YAML; the message names line and column.
    #[error("{0}")]
    Syntax(serde_yaml::Error),
    /// It is YAML, but no map.
    #[error("expected a map of parameters, found {0}")]
    NoMap(&'static str),
    /// Some value has no place in a parameter.
    #[error("`{path}` {problem}")]
    Value {
        /// Keys and places from the outermost map to the value, joined by dots.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Reads the text of a parameter file; an empty one is an empty map.
///
/// Aliases are bounded by the parser, keys that occur twice are refused, and so is what JSON cannot
/// say: tags, keys that are no text, numbers that are not finite.
pub fn read_arguments(text: &str) -> Result<Map, ArgumentFileError> {
    if text.len() > ARGUMENT_FILE_LIMIT {
        return Err(ArgumentFileError::TooLarge(text.len()));
    }
    // The parser's own map refuses keys that occur twice, which a JSON map would not.
    let document = serde_yaml::from_str(text).map_err(ArgumentFileError::Syntax)?;
    match convert(document, &mut Vec::new())? {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        other => Err(ArgumentFileError::NoMap(kind(&other))),
    }
}

/// Turns a value into JSON. The parser bounds the depth.
fn convert(value: serde_yaml::Value, path: &mut Vec<String>) -> Result<Value, ArgumentFileError> {
    match value {
        serde_yaml::Value::Null => Ok(Value::Null),
        serde_yaml::Value::Bool(flag) => Ok(Value::Bool(flag)),
        serde_yaml::Value::String(text) => Ok(Value::String(text)),
        serde_yaml::Value::Number(number) => convert_number(&number)
            .map(Value::Number)
            .ok_or_else(|| refused(path, "is not a finite number")),
        serde_yaml::Value::Sequence(elements) => {
            let mut list = Vec::with_capacity(elements.len());
            for (place, element) in elements.into_iter().enumerate() {
                path.push(place.to_string());
                list.push(convert(element, path)?);
                path.pop();
            }
            Ok(Value::Array(list))
        }
        serde_yaml::Value::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let serde_yaml::Value::String(key) = key else {
                    return Err(refused(path, "has a key that is no text: quote it"));
                };
                path.push(key);
                let value = convert(value, path)?;
                map.insert(path.pop().unwrap_or_default(), value);
            }
            Ok(Value::Object(map))
        }
        serde_yaml::Value::Tagged(_) => Err(refused(path, "has a tag, which means nothing here")),
    }
}

fn convert_number(number: &serde_yaml::Number) -> Option<Number> {
    match (number.as_i64(), number.as_u64()) {
        (Some(number), _) => Some(number.into()),
        (None, Some(number)) => Some(number.into()),
        (None, None) => Number::from_f64(number.as_f64()?),
    }
}

fn refused(path: &[String], problem: &'static str) -> ArgumentFileError {
    let path = if path.is_empty() {
        "the file".to_owned()
    } else {
        path.join(".")
    };
    ArgumentFileError::Value { path, problem }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn refuses(text: &str, part: &str) {
        let message = read_arguments(text).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }

    #[test]
    fn a_map_is_read_with_its_types() {
        let map =
            read_arguments("a: 1\nb: [x, 2.5, null, true]\nc: {d: ''}\nbig: 18446744073709551615")
                .unwrap();
        assert_eq!(
            Value::Object(map),
            json!({"a": 1, "b": ["x", 2.5, null, true], "c": {"d": ""}, "big": u64::MAX})
        );
        assert_eq!(read_arguments("").unwrap(), Map::new());
        assert_eq!(read_arguments("{\"a\": \"b\"}").unwrap().len(), 1);
    }

    #[test]
    fn what_no_parameter_can_hold_is_refused_with_its_place() {
        refuses("[1]", "found a list");
        refuses("a: 1\na: 2", "duplicate entry");
        refuses("a: {b: [.nan]}", "`a.b.0` is not a finite number");
        refuses("a: {1: x}", "`a` has a key that is no text");
        refuses("1: x", "`the file` has a key");
        refuses("a: !include /etc/passwd", "`a` has a tag");
        refuses("a: [1", "line 1");
    }

    #[test]
    fn bombs_are_refused() {
        let layers = (1..=40).fold("a0: &a0 [x, x]\n".to_owned(), |text, at| {
            let below = at - 1;
            text + &format!("a{at}: &a{at} [*a{below}, *a{below}, *a{below}]\n")
        });
        refuses(&layers, "repetition limit");
        refuses(&"[".repeat(100_000), "recursion limit");
        refuses(&" ".repeat(ARGUMENT_FILE_LIMIT + 1), "at most");
    }
}
