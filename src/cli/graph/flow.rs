//! Tasks and the ways from one to another.

use crate::base::value::Value;
use crate::engine::status::TaskStatus;
use crate::template::model::{Jump, Task, Template};
use crate::template::yaml::{Node, NodeKind};

/// The action whose properties say where control goes.
const CHOICE: &str = "ACS::Choice";

/// What can happen in a template.
#[derive(Debug)]
pub(in crate::cli) struct Flow {
    /// The tasks, in order.
    pub(super) steps: Vec<Step>,
    /// The ways, by the task they begin at.
    pub(super) ways: Vec<Way>,
}

/// A task.
#[derive(Debug)]
pub(super) struct Step {
    /// Its name.
    pub(super) name: String,
    /// Its action.
    pub(super) action: String,
    /// Whether it runs for each item of a list.
    pub(super) is_loop: bool,
    /// Whether it runs only under a condition.
    pub(super) is_conditional: bool,
    /// Its status in an execution.
    pub(super) status: Option<TaskStatus>,
}

/// A way from a task to another one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Way {
    /// Place of the task that it begins at.
    pub(super) from: usize,
    /// Place of the task that it leads to; `None` is the end.
    pub(super) to: Option<usize>,
    /// When it is taken.
    pub(super) kind: WayKind,
}

/// When a way is taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum WayKind {
    /// The task ended well, or was not run.
    Success,
    /// The task failed.
    Error,
    /// The task was cancelled.
    Cancel,
    /// The condition of a choice holds.
    Choice(String),
    /// No condition of a choice holds.
    Otherwise,
}

impl WayKind {
    /// Returns the words beside the way.
    pub(super) fn label(&self) -> &str {
        match self {
            Self::Success => "",
            Self::Error => "on error",
            Self::Cancel => "on cancel",
            Self::Choice(condition) => condition,
            Self::Otherwise => "otherwise",
        }
    }
}

impl Flow {
    /// Reads the flow of a template.
    pub(in crate::cli) fn new(template: &Template) -> Self {
        let mut flow = Self {
            steps: Vec::new(),
            ways: Vec::new(),
        };
        for (place, task) in template.tasks.iter().enumerate() {
            flow.steps.push(Step {
                name: task.name.value.as_str().to_owned(),
                action: task.action.value.as_str().to_owned(),
                is_loop: task.looping.is_some(),
                is_conditional: task.when.is_some(),
                status: None,
            });
            flow.add_ways(template, place, task);
        }
        flow
    }

    /// Shows how far an execution is.
    pub(in crate::cli) fn set_status(&mut self, task: &str, status: TaskStatus) {
        for step in &mut self.steps {
            if step.name.eq_ignore_ascii_case(task) {
                step.status = Some(status);
            }
        }
    }

    fn add_ways(&mut self, template: &Template, place: usize, task: &Task) {
        let target = |jump: &Jump| match jump {
            Jump::Next => Some(place + 1).filter(|next| *next < template.tasks.len()),
            Jump::End => None,
            Jump::Task(name) => template.task(name.as_str()).map(|(place, _)| place),
        };
        let mut add = |jump: &Jump, kind: WayKind| {
            let way = Way {
                from: place,
                to: target(jump),
                kind,
            };
            if !self.ways.contains(&way) {
                self.ways.push(way);
            }
        };
        if task.action.value.is(CHOICE) {
            for (jump, kind) in choices(task) {
                add(&jump, kind);
            }
        } else {
            add(
                task.on_success
                    .as_ref()
                    .map_or(&Jump::Next, |jump| &jump.value),
                WayKind::Success,
            );
        }
        if task.when.is_some() {
            add(&Jump::Next, WayKind::Success);
        }
        if let Some(jump) = &task.on_error {
            add(&jump.value, WayKind::Error);
        }
        if let Some(jump) = &task.on_cancel {
            add(&jump.value, WayKind::Cancel);
        }
    }
}

fn choices(task: &Task) -> Vec<(Jump, WayKind)> {
    let Some(properties) = &task.properties else {
        return Vec::new();
    };
    let properties = properties.node();
    let jump = |node: &Node| match &node.kind {
        NodeKind::Text(text) => Some(Jump::from_text(text)),
        _ => None,
    };
    let mut ways = Vec::new();
    if let Some(NodeKind::List(choices)) = properties.property("Choices").map(|node| &node.kind) {
        for choice in choices {
            if let (Some(when), Some(next)) = (
                choice.property("When"),
                choice.property("NextTask").and_then(jump),
            ) {
                ways.push((next, WayKind::Choice(condition(&when.to_value()))));
            }
        }
    }
    let otherwise = properties
        .property("DefaultTask")
        .and_then(jump)
        .unwrap_or(Jump::Next);
    ways.push((otherwise, WayKind::Otherwise));
    ways
}

/// Returns a condition as people write it: `{{ a }} = b and not c`.
fn condition(when: &Value) -> String {
    let Value::Object(map) = when else {
        return crate::base::value::text(when);
    };
    let Some((function, arguments)) = map.iter().next() else {
        return String::new();
    };
    let list: Vec<String> = match arguments {
        Value::Array(list) => list.iter().map(condition).collect(),
        one => vec![condition(one)],
    };
    match function.as_str() {
        "Fn::Equals" => list.join(" = "),
        "Fn::And" => list.join(" and "),
        "Fn::Or" => list.join(" or "),
        "Fn::Not" => format!("not ({})", list.join(", ")),
        _ => when.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_read_like_sentences() {
        let when = json!({"Fn::And": [
            {"Fn::Equals": ["{{ a }}", true]},
            {"Fn::Not": {"Fn::Equals": ["{{ b }}", "x"]}},
        ]});
        assert_eq!(condition(&when), "{{ a }} = true and not ({{ b }} = x)");
        assert_eq!(condition(&json!({"Fn::Jq": ["a"]})), r#"{"Fn::Jq":["a"]}"#);
        assert_eq!(condition(&json!("{{ c }}")), "{{ c }}");
    }
}
