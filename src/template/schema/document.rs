//! The whole schema, and the sections besides the tasks.

use serde_json::json;

use crate::base::value::Value;
use crate::template::schema::function;
use crate::template::schema::task::task;
use crate::template::schema::value::{
    definition, described, expression, map_of, map_with, value_type,
};

/// Returns the JSON Schema (draft 2020-12) of templates.
pub fn template_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "OOS template",
        "description": "A runbook in the OOS template language, in YAML or JSON.",
        "type": "object",
        "properties": sections(),
        "required": ["FormatVersion"],
        "additionalProperties": false,
        "if": { "properties": { "FormatVersion": { "const": "OOS-2019-06-01-State" } } },
        "then": {
            "properties": { "Tasks": false, "Outputs": false, "Conditions": false },
            "required": ["States"],
        },
        "else": {
            "properties": { "States": false },
            "required": ["Tasks"],
        },
        "$defs": {
            "expression": function::expression(),
            "localized": localized(),
            "parameter": parameter(),
            "task": task(),
        },
    })
}

fn sections() -> Value {
    json!({
        "FormatVersion": {
            "description": "The format: tasks to run, or a desired state.",
            "enum": ["OOS-2019-06-01", "OOS-2019-06-01-State"],
        },
        "Description": described(definition("localized"), "What the template is for."),
        "Parameters": map_of(
            &definition("parameter"),
            "What the template can be given; referred to as `{{ name }}`.",
        ),
        "RamRole": expression("The role for API calls; empty is the identity of the caller."),
        "Conditions": map_of(
            &expression("A condition."),
            "Named conditions, for `When` and `Fn::If`.",
        ),
        "Tasks": {
            "description": "The steps, in order.",
            "type": "array",
            "items": definition("task"),
            "minItems": 1,
        },
        "Outputs": map_of(&output(), "What an execution gives back."),
        "Metadata": {
            "description": "How forms are laid out; nothing runs by it.",
            "type": ["object", "null"],
        },
        "States": {
            "description": "The desired state, in templates of that format.",
            "type": "array",
            "items": { "type": "object", "required": ["ResourceType"] },
        },
    })
}

fn output() -> Value {
    map_with(
        &json!({
            "Type": value_type("The type of the output; `List` by default."),
            "Value": expression("The value, worked out at the end."),
            "Description": definition("localized"),
        }),
        &["Value"],
    )
}

fn localized() -> Value {
    json!({
        "type": ["string", "number", "boolean", "object", "null"],
        "properties": {
            "en": { "description": "The text in English." },
            "zh-cn": { "description": "The text in Chinese." },
        },
    })
}

fn parameter() -> Value {
    let count = |description: &str| json!({ "description": description, "type": ["integer", "string", "null"], "minimum": 0 });
    let bound = |description: &str| json!({ "description": description, "type": ["number", "string", "null"] });
    let text =
        |description: &str| json!({ "description": description, "type": ["string", "null"] });
    let mut parameter = map_with(
        &json!({
            "Type": value_type("The type of the value; `String` by default."),
            "Label": described(definition("localized"), "What forms call it."),
            "Description": described(definition("localized"), "What it is for."),
            "Default": expression("The value if none is given; without it the parameter is required."),
            "AllowedValues": {
                "description": "The only values allowed, of each element for a list.",
                "type": ["array", "null"],
            },
            "AllowedPattern": text("A regular expression that the value must match somewhere."),
            "MinLength": count("Fewest characters."),
            "MaxLength": count("Most characters."),
            "MinValue": bound("The smallest number."),
            "MaxValue": bound("The largest number."),
            "ConstraintDescription": described(
                definition("localized"),
                "What to say when a constraint is violated.",
            ),
            "NoEcho": {
                "description": "Whether the value must never be shown.",
                "enum": [true, false, "true", "false", null],
            },
            "AssociationProperty": text("Which picker forms show."),
            "AssociationPropertyMetadata": { "description": "Settings of the picker." },
        }),
        &[],
    );
    parameter["type"] = json!(["object", "null"]);
    parameter
}
