//! Expressions: any value, with function calls in it.

use serde_json::json;

use crate::base::value::{Map, Value};
use crate::template::expr::function::{Shape, Signature, catalog};
use crate::template::schema::value::{any_case, definition};

/// The definition of an expression.
///
/// A map with one key that begins with `Fn::` is a call; functions are completed in every map.
pub(super) fn expression() -> Value {
    let calls: Map = catalog()
        .iter()
        .map(|signature| (format!("Fn::{}", signature.name), call(signature)))
        .collect();
    let names: Vec<String> = calls.keys().cloned().collect();
    json!({
        "type": ["string", "number", "boolean", "null", "array", "object"],
        "items": definition("expression"),
        "properties": calls,
        "additionalProperties": definition("expression"),
        "if": {
            "type": "object",
            "not": { "propertyNames": { "not": { "pattern": "^[Ff][Nn]::" } } },
        },
        "then": {
            "maxProperties": 1,
            "propertyNames": { "pattern": any_case(names.iter().map(String::as_str)) },
        },
    })
}

/// The arguments of a call, or an expression that yields them.
fn call(signature: &Signature) -> Value {
    let mut schema = json!({
        "description": format!("{} Takes {}.", sentence(signature.documentation), signature.arity()),
        "allOf": [definition("expression")],
    });
    if signature.shape == Shape::List {
        schema["type"] = json!(["array", "string", "object"]);
        schema["minItems"] = json!(signature.min);
        if let Some(max) = signature.max {
            schema["maxItems"] = json!(max);
        }
    }
    schema
}

fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}
