//! JSON values as the template language sees them: text form, loose comparison, truth
//! (language reference 3.2, 3.8 and 2.5).

pub use serde_json::{Map as JsonMap, Number, Value};

use crate::base::name;

/// A JSON object; keys keep the order in which they were written.
pub type Map = JsonMap<String, Value>;

/// Returns the value under `name`, by exact spelling first, then ignoring case.
pub fn find<'a>(map: &'a Map, name: &str) -> Option<&'a Value> {
    // Most names are spelt exactly, which costs no walk through the map.
    map.get(name).or_else(|| {
        let entries = map.iter().map(|(key, value)| (key.as_str(), value));
        name::find(entries, name)
    })
}

/// Returns the text that stands for `value` inside a longer string.
///
/// Strings are raw, `null` is empty, everything else is compact JSON; a number that is whole is
/// written without a fraction (`600`, not `600.0`).
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number_text(number),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn number_text(number: &Number) -> String {
    match number.as_f64() {
        // Above 2^53 a double no longer names one whole number, so the literal is kept.
        Some(double)
            if number.is_f64()
                && double.fract() == 0.0
                && double.abs() < 9_007_199_254_740_992.0 =>
        {
            format!("{double:.0}")
        }
        _ => number.to_string(),
    }
}

/// Compares as `Fn::Equals`, `DesiredValues` and `AllowedValues` do.
///
/// Equal JSON values are equal; a string equals a number or boolean with the same text; numbers
/// compare by value; lists and maps compare element by element; `null` equals only `null`.
pub fn loosely_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::String(string), other @ (Value::Number(_) | Value::Bool(_)))
        | (other @ (Value::Number(_) | Value::Bool(_)), Value::String(string)) => {
            *string == text(other)
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| loosely_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| loosely_equal(a, b)))
        }
        (a, b) => a == b,
    }
}

/// Returns the truth of a condition's value, or `None` if the value has none.
///
/// `true` and `"true"` (any case) are true; `false`, `"false"`, `null` and `""` are false.
pub fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Null => Some(false),
        Value::String(text) if text.is_empty() || text.eq_ignore_ascii_case("false") => Some(false),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns the word for the kind of `value` that messages use (`a list`, `a number`, ...).
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_of_each_kind() {
        #[track_caller]
        fn case(value: &Value, expected: &str) {
            assert_eq!(text(value), expected);
        }
        case(&json!("a\"b"), "a\"b");
        case(&json!(600.0), "600");
        case(&json!(1.5), "1.5");
        case(&json!(true), "true");
        case(&json!(null), "");
        case(&json!([1, "a"]), r#"[1,"a"]"#);
        case(&json!({"b": 1, "a": "ü"}), r#"{"b":1,"a":"ü"}"#);
    }

    #[test]
    fn equality_is_loose_on_scalars_only() {
        #[track_caller]
        fn case(left: &Value, right: &Value, expected: bool) {
            assert_eq!(loosely_equal(left, right), expected, "{left} and {right}");
            assert_eq!(loosely_equal(right, left), expected, "{right} and {left}");
        }
        case(&json!("1"), &json!(1), true);
        case(&json!("true"), &json!(true), true);
        case(&json!(1), &json!(1.0), true);
        case(&json!(null), &json!(""), false);
        case(&json!(null), &json!([]), false);
        case(&json!([null]), &json!([null]), true);
        case(&json!({"a": "1"}), &json!({"a": 1}), true);
        case(&json!("A"), &json!("a"), false);
        case(&json!("1.0"), &json!(1), false);
    }

    #[test]
    fn truth_of_texts() {
        assert_eq!(truth(&json!("TRUE")), Some(true));
        assert_eq!(truth(&json!("")), Some(false));
        assert_eq!(truth(&json!("yes")), None);
        assert_eq!(truth(&json!([])), None);
    }
}
