//! The pieces of schemas that several sections share.

use serde_json::json;

use crate::base::value::Value;
use crate::template::model::ValueType;

/// The names that parameters, tasks and outputs may have.
pub(super) const NAME: &str = "^[A-Za-z0-9_-]{1,200}$";

/// Refers to one of the schema's definitions.
pub(super) fn definition(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// An expression with words for the editor.
pub(super) fn expression(description: &str) -> Value {
    described(definition("expression"), description)
}

/// Adds words for the editor.
pub(super) fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = json!(description);
    schema
}

/// A map with free, well-formed names; may be left empty.
pub(super) fn map_of(item: &Value, description: &str) -> Value {
    json!({
        "description": description,
        "type": ["object", "null"],
        "propertyNames": { "pattern": NAME },
        "additionalProperties": item,
    })
}

/// A map with exactly these keys, of which some are required.
pub(super) fn map_with(properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// The five types.
pub(super) fn value_type(description: &str) -> Value {
    json!({
        "description": description,
        "enum": ["String", "Number", "Boolean", "List", "Json", null],
    })
}

/// An expression that can yield a value of the type: a literal of that type, a text with a
/// placeholder, or a function call.
pub(super) fn yielding(value_type: Option<ValueType>) -> Value {
    let types = match value_type {
        None => return definition("expression"),
        Some(ValueType::String) => json!(["string", "number", "boolean", "object", "null"]),
        Some(ValueType::Number) => json!(["number", "string", "object", "null"]),
        Some(ValueType::Boolean) => json!(["boolean", "string", "object", "null"]),
        Some(ValueType::List) => json!(["array", "string", "number", "object", "null"]),
        Some(ValueType::Json) => json!(["object", "array", "string", "null"]),
    };
    json!({ "type": types, "allOf": [definition("expression")] })
}

/// A pattern for any of the words, in any case.
pub(super) fn any_case<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let alternatives: Vec<String> = words.into_iter().map(folded).collect();
    format!("^({})$", alternatives.join("|"))
}

fn folded(word: &str) -> String {
    let mut pattern = String::new();
    for letter in word.chars() {
        if letter.is_ascii_alphabetic() {
            let (upper, lower) = (letter.to_ascii_uppercase(), letter.to_ascii_lowercase());
            pattern.extend(['[', upper, lower, ']']);
        } else {
            pattern.push(letter);
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_words_in_any_case_and_nothing_else() {
        let pattern = any_case(["ACS::Sleep", "x-1"]);
        assert_eq!(pattern, "^([Aa][Cc][Ss]::[Ss][Ll][Ee][Ee][Pp]|[Xx]-1)$");
    }
}
