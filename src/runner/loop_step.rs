//! The steps of an `ACS::Loop` as they are written, for whoever wants to know before a run what it
//! may do. What a run does with them is the engine's.

use crate::base::source::Span;
use crate::template::expr::Expression;
use crate::template::model::Task;
use crate::template::yaml::{Node, NodeKind};

/// A step as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoopStep<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Its action.
    pub(super) action: &'a str,
    /// Where its action is named.
    pub(super) span: Span,
    /// Its properties.
    pub(super) properties: Option<&'a Node>,
}

impl LoopStep<'_> {
    /// Returns the steps within this step.
    pub(super) fn steps(&self) -> Vec<Self> {
        steps(self.action, self.properties)
    }

    /// Tells whether this is a step of `action`.
    pub(super) fn is(&self, action: &str) -> bool {
        self.action.eq_ignore_ascii_case(action)
    }
}

/// Returns the steps of a task; none if it is no `ACS::Loop`.
pub(super) fn steps_of(task: &Task) -> Vec<LoopStep<'_>> {
    let properties = task.properties.as_ref().map(Expression::node);
    steps(task.action.value.as_str(), properties)
}

fn steps<'a>(action: &str, properties: Option<&'a Node>) -> Vec<LoopStep<'a>> {
    let list = properties
        .filter(|_| action.eq_ignore_ascii_case("ACS::Loop"))
        .and_then(|properties| properties.property("LoopTasks"));
    let Some(NodeKind::List(steps)) = list.map(|list| &list.kind) else {
        return Vec::new();
    };
    let step = |step: &'a Node| {
        let action = step.get("Action")?;
        Some(LoopStep {
            name: written(step.get("Name")?)?,
            action: written(action)?,
            span: action.span,
            properties: step.get("Properties"),
        })
    };
    steps.iter().filter_map(step).collect()
}

fn written(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Text(text) => Some(text),
        _ => None,
    }
}
