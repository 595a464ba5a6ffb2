//! Tasks.

use serde_json::json;

use crate::base::failure::FailureClass;
use crate::base::value::Value;
use crate::template::schema::action;
use crate::template::schema::value::{
    NAME, definition, described, expression, map_of, map_with, value_type,
};

/// The definition of a task.
pub(super) fn task() -> Value {
    let mut task = map_with(&attributes(), &["Name", "Action"]);
    task["allOf"] = Value::Array(action::rules());
    task
}

fn attributes() -> Value {
    json!({
        "Name": {
            "description": "The name of the task, unique in the template.",
            "type": "string",
            "pattern": NAME,
        },
        "Action": action::name(),
        "Description": described(definition("localized"), "What the task is for."),
        "Properties": {
            "description": "The input of the action.",
            "type": ["object", "string", "null"],
            "allOf": [definition("expression")],
        },
        "Outputs": map_of(&output(), "What later tasks can refer to, as `{{ task.output }}`."),
        "When": expression("Runs the task only if this holds: a condition, or the name of one."),
        "OnSuccess": jump("Where to go after success; `ACS::NEXT` by default."),
        "OnError": jump("Where to go after failure; `ACS::END` by default."),
        "OnCancel": jump("Where to go when cancelled; `ACS::END` by default."),
        "IsCritical": {
            "description": "Whether its failure makes the execution fail; true by default.",
            "enum": [true, false, "true", "false", null],
        },
        "Loop": looping(),
        "Retries": expression("How often to ask again; 10 by default for `ACS::WaitFor`."),
        "Delay": expression("Seconds between two questions; 2 by default."),
        "DelayType": {
            "description": "How delays grow; `Exponential` by default.",
            "type": ["string", "object", "null"],
            "examples": ["Exponential", "Constant", "Linear"],
            "allOf": [definition("expression")],
        },
        "BackOff": expression("Seconds by which linear delays grow; 2 by default."),
        "MaxRetryInterval": expression("The longest delay in seconds; 1800 by default."),
        "Timeout": expression("The longest time that the task may take, as ISO 8601: `PT5M`. An extension."),
        "Lock": lock(),
        "Undo": { "description": "The action that takes the change back; shown by plans. An extension." },
    })
}

fn lock() -> Value {
    json!({
        "description": "What the task, or each item of its loop, must have to itself while it runs: a name, a list of names, or a map. An extension.",
        "type": ["string", "array", "object", "null"],
        "allOf": [definition("expression")],
        "properties": {
            "Names": { "description": "The names; all of them, or it waits." },
            "Group": { "description": "The group of which only so many may be in change at once." },
            "MaxInChange": { "description": "How many of the group: a number or a percentage." },
            "Of": { "description": "How many there are of the group, or the list of them; the items of the loop by default." },
        },
    })
}

fn output() -> Value {
    map_with(
        &json!({
            "Type": value_type("The type of the output."),
            "ValueSelector": expression("A jq program over the answer of the action; a leading dot may be left out."),
            "Description": definition("localized"),
        }),
        &["Type", "ValueSelector"],
    )
}

fn jump(description: &str) -> Value {
    json!({
        "description": description,
        "type": ["string", "null"],
        "examples": ["ACS::NEXT", "ACS::END"],
    })
}

fn looping() -> Value {
    let mut looping = map_with(
        &json!({
            "Items": expression("The list to repeat the task over; the item is `{{ ACS::TaskLoopItem }}`."),
            "RateControl": rate_control(),
            "Concurrency": expression("How many at once. `RateControl` is the newer way to say it."),
            "MaxErrors": expression("How many may fail. `RateControl` is the newer way to say it."),
            "Mode": expression("`Concurrency` or `Batch`. `RateControl` is the newer way to say it."),
            "BatchPauseOption": expression("Where to pause. `RateControl` is the newer way to say it."),
            "Outputs": map_of(&aggregate(), "Outputs of all items together."),
        }),
        &["Items"],
    );
    looping["type"] = json!(["object", "null"]);
    described(looping, "Repeats the task for each item of a list.")
}

fn rate_control() -> Value {
    json!({
        "description": "How many items run at once and how many may fail.",
        "type": ["object", "string", "null"],
        "allOf": [definition("expression")],
        "properties": {
            "Mode": { "description": "A sliding window, or batches.", "examples": ["Concurrency", "Batch"] },
            "Concurrency": { "description": "How many at once: a number or a percentage; 1 by default." },
            "MaxErrors": { "description": "How many may fail: a number or a percentage; 0 by default." },
            "Batch": { "description": "The sizes of the batches; the last one repeats." },
            "ConcurrencyInBatches": { "description": "How many at once inside of each batch." },
            "BatchPauseOption": {
                "description": "Where to wait for somebody.",
                "examples": ["Automatic", "FirstBatchPause", "EveryBatchPause"],
            },
            "MaxErrorsInBatches": { "description": "How many of each batch may fail; the last one repeats. An extension." },
            "ErrorBudget": {
                "description": "How many may come to a class of failure; other classes count against `MaxErrors`. An extension.",
                "type": ["object", "string", "null"],
                "properties": budgets(),
            },
            "Unreachable": {
                "description": "What to do about a target that cannot be reached; `Fail` by default. An extension.",
                "examples": ["Fail", "Skip", "Defer"],
            },
            "DeferRounds": { "description": "How often deferred targets are tried again; 3 by default. An extension." },
            "DeferPause": { "description": "How long to wait before that, as ISO 8601; `PT30S` by default. An extension." },
        },
    })
}

fn budgets() -> Value {
    let classes = FailureClass::ALL.map(|class| {
        let words = json!({ "description": "A number or a percentage of the items." });
        (class.name().to_owned(), words)
    });
    Value::Object(classes.into_iter().collect())
}

fn aggregate() -> Value {
    map_with(
        &json!({
            "AggregateType": {
                "description": "A list in the order of the items, or the sum of numbers.",
                "enum": ["Fn::ListJoin", "Fn::Sum"],
            },
            "AggregateField": { "description": "The output of the task to take.", "type": "string" },
        }),
        &["AggregateType", "AggregateField"],
    )
}
