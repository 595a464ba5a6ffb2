//! Actions: their names, and the properties that each takes.

use serde_json::json;

use crate::action::{ActionSpec, Embedded, PropertySpec};
use crate::base::value::{Map, Value};
use crate::template::schema::value::{any_case, described, yielding};

/// Product actions that most templates begin with; all others are as good.
const EXAMPLES: [&str; 6] = [
    "ACS::ECS::RunCommand",
    "ACS::ECS::StartInstance",
    "ACS::ECS::StopInstance",
    "ACS::ECS::RebootInstance",
    "ACS::ECS::RunInstances",
    "ACS::ECS::CreateImage",
];

/// The name of an action: an embedded one in any case, or a product action or template.
pub(super) fn name() -> Value {
    let embedded: Vec<&str> = Embedded::ALL.iter().map(|action| action.name()).collect();
    json!({
        "description": "The action that the task runs.",
        "type": "string",
        "examples": EXAMPLES,
        "anyOf": [
            { "enum": embedded },
            { "pattern": any_case(embedded.iter().copied()) },
            {
                "description": "A product action, or a template by its name.",
                "pattern": "^(?![Aa][Cc][Ss]::[^:]*$)[^{}]+$",
            },
        ],
    })
}

/// The rules that say which properties belong to which embedded action.
pub(super) fn rules() -> Vec<Value> {
    Embedded::ALL
        .iter()
        .map(|action| rule(action.spec()))
        .collect()
}

fn rule(spec: &ActionSpec) -> Value {
    let properties: Map = spec
        .properties
        .iter()
        .map(|property| (property.name.clone(), value(property)))
        .collect();
    let required: Vec<&str> = spec
        .properties
        .iter()
        .filter(|property| property.required)
        .map(|property| property.name.as_str())
        .collect();
    let mut then = json!({
        "properties": {
            "Properties": {
                "description": spec.description.0,
                "properties": properties,
                "additionalProperties": false,
                "required": required,
            },
        },
    });
    if !required.is_empty() {
        then["required"] = json!(["Properties"]);
    }
    json!({
        "if": {
            "properties": { "Action": { "pattern": any_case([spec.name.as_str()]) } },
            "required": ["Action"],
        },
        "then": then,
    })
}

fn value(property: &PropertySpec) -> Value {
    let mut schema = described(yielding(property.value_type), &property.description);
    if !property.allowed.is_empty() {
        let allowed = any_case(property.allowed.iter().map(String::as_str));
        schema["examples"] = json!(property.allowed);
        // A text with a placeholder may become one of them.
        schema["pattern"] = json!(format!(r"{allowed}|\{{\{{"));
    }
    schema
}
