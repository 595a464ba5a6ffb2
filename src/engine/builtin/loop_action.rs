//! `ACS::Loop`: a sequence of tasks for every item (language reference, end of 2.8). Each item is
//! a child execution of a template made of the tasks, which sees the names around it.

use crate::base::value::{Map, Value};
use crate::engine::builtin::context::Context;
use crate::engine::builtin::product::child;
use crate::engine::event::{Failure, Outer, Work};
use crate::template::expr::{Expression, Reference, Scope};
use crate::template::model::{Task, ValueType};

/// The parts of the properties that say what to loop over.
#[derive(Debug)]
pub(in crate::engine) struct LoopSource {
    pub items: Option<Expression>,
    pub rate_control: Option<Expression>,
}

impl LoopSource {
    /// Finds them in the properties of an `ACS::Loop`.
    pub(in crate::engine) fn of(task: &Task) -> Self {
        let part = |name: &str| task.properties.as_ref()?.get(name).cloned();
        Self {
            items: part("LoopItems"),
            rate_control: part("LoopRateControl"),
        }
    }
}

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    let properties = context.task.properties.as_ref();
    let tasks = properties
        .and_then(|properties| properties.get("LoopTasks"))
        .ok_or_else(|| context.failure("property `LoopTasks` is required"))?;
    Ok(Work::Child {
        id: child(context)?,
        template: context.task.name.value.to_string(),
        version: None,
        content: Some(content(context.task, tasks)),
        parameters: Map::new(),
        outer: Some(outer(context, tasks)),
    })
}

/// Writes the template of one item as JSON, which is YAML too.
fn content(task: &Task, tasks: &Expression) -> String {
    let outputs: Map = task
        .outputs
        .iter()
        .map(|output| {
            // The loop makes the list; what each item gives is one value of it.
            let written = output.value_type.value;
            let value_type = match written {
                ValueType::List => ValueType::Json,
                other => other,
            };
            let definition = serde_json::json!({
                "Type": value_type, "Value": output.selector.node().to_value(),
            });
            (output.name.value.as_str().to_owned(), definition)
        })
        .collect();
    serde_json::json!({
        "FormatVersion": "OOS-2019-06-01",
        "Tasks": tasks.node().to_value(),
        "Outputs": Value::Object(outputs),
    })
    .to_string()
}

/// Collects what the tasks name of the execution around them, and nothing else: it is recorded
/// with every item.
fn outer(context: &Context, tasks: &Expression) -> Outer {
    let mut outer = Outer {
        item: context.scope.item.cloned().unwrap_or_default(),
        ..Outer::default()
    };
    for reference in tasks.references() {
        match reference.value {
            Reference::Parameter(name) => {
                if let Some(value) = context.scope.parameter(&name) {
                    outer.parameters.insert(name.as_str().to_owned(), value);
                }
            }
            Reference::Output { task, output, .. } => {
                if let Some(value) = context.scope.output(&task, &output) {
                    let outputs = outer.outputs.entry(task.as_str().to_owned()).or_default();
                    outputs.insert(output.as_str().to_owned(), value);
                }
            }
            Reference::Pseudo(_) | Reference::Stored(_) | Reference::Secret(_) => {}
        }
    }
    outer
}
