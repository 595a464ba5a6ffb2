//! How the output of a task is taken from what its action answered (language reference 2.3).

use std::sync::Arc;

use crate::base::value::{Number, Value};
use crate::template::expr::{Selector, SelectorError};
use crate::template::model::{Task, ValueType};

/// All that is read of an answer: the selectors of a task's outputs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reads(Arc<[Selector]>);

impl Reads {
    /// Returns what the outputs of `task` read; `None` if that shows only when they are evaluated.
    pub fn of(task: &Task) -> Option<Self> {
        let selectors = task.outputs.iter().map(|output| {
            let program = output.selector.as_literal()?;
            Selector::compile(program.as_str()?).ok()
        });
        selectors.collect::<Option<_>>().map(Self)
    }

    /// Returns which fields of the elements of the list at `path` are read; `None` if it may be all.
    pub fn fields_of(&self, path: &[&str]) -> Option<Vec<&str>> {
        self.0
            .iter()
            .map(|selector| selector.field_of(path))
            .collect()
    }
}

/// Applies a selector as an output of type `value_type` does: `List` collects all results and
/// flattens nothing; every other type takes the first result, or `null`. The native JSON type is
/// kept, except that `Number` reads numeric text and `Boolean` the texts `true` and `false`.
pub fn select(
    value_type: ValueType,
    selector: &Selector,
    input: &Value,
) -> Result<Value, SelectorError> {
    if value_type == ValueType::List {
        return selector.all(input).map(Value::Array);
    }
    let first = selector.first(input)?.unwrap_or(Value::Null);
    Ok(coerce(value_type, first))
}

fn coerce(value_type: ValueType, value: Value) -> Value {
    match (value_type, &value) {
        (ValueType::Number, Value::String(text)) => {
            serde_json::from_str::<Number>(text.trim()).map_or(value, Value::Number)
        }
        (ValueType::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => {
            Value::Bool(true)
        }
        (ValueType::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => {
            Value::Bool(false)
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn case(value_type: ValueType, selector: &str, input: &Value, expected: &Value) {
        let selector = Selector::compile(selector).unwrap();
        let found = select(value_type, &selector, input).unwrap();
        assert_eq!(found, *expected, "{selector:?} as {value_type:?}");
    }

    #[test]
    fn a_list_of_one_null_has_one_null() {
        case(ValueType::List, "a", &json!({}), &json!([null]));
    }

    #[test]
    fn a_list_with_an_array_result_is_not_flattened() {
        case(
            ValueType::List,
            "a",
            &json!({"a": [1, 2]}),
            &json!([[1, 2]]),
        );
    }

    #[test]
    fn an_empty_stream_is_an_empty_list_or_null() {
        let input = json!({"a": []});
        case(ValueType::List, "a[]", &input, &json!([]));
        case(ValueType::String, "a[]", &input, &json!(null));
    }

    #[test]
    fn a_string_takes_the_first_result_only() {
        let input = json!({"a": ["x", "y"]});
        case(ValueType::String, "a[]", &input, &json!("x"));
        case(ValueType::Json, "a[]", &input, &json!("x"));
    }

    #[test]
    fn scalars_keep_their_native_type_but_for_numbers_and_booleans_in_texts() {
        let input = json!({"n": 1, "t": "12.5", "b": "True", "x": "x"});
        case(ValueType::String, "n", &input, &json!(1));
        case(ValueType::Number, "t", &input, &json!(12.5));
        case(ValueType::Boolean, "b", &input, &json!(true));
        case(ValueType::Number, "x", &input, &json!("x"));
        case(ValueType::Boolean, "x", &input, &json!("x"));
    }
}
