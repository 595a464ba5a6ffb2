//! Whether a task may be passed over although nothing fails.

use crate::template::model::{Jump, Task, Template};
use crate::template::yaml::{Node, NodeKind};

/// Tells whether control may pass over the task at `place` although nothing fails: an earlier task
/// jumps behind it or ends the run.
pub(super) fn may_be_passed(template: &Template, place: usize) -> bool {
    let passes = |jump: &Jump| match jump {
        Jump::Next => false,
        Jump::End => true,
        Jump::Task(name) => template
            .task(name.as_str())
            .is_none_or(|(target, _)| target > place),
    };
    template.tasks[..place]
        .iter()
        .any(|task| targets(task).iter().any(passes))
}

/// Returns where control may go after a task that ends well.
fn targets(task: &Task) -> Vec<Jump> {
    if !task.action.value.is("ACS::Choice") {
        return task
            .on_success
            .iter()
            .map(|jump| jump.value.clone())
            .collect();
    }
    let Some(properties) = &task.properties else {
        return Vec::new();
    };
    let jump = |node: &Node| Some(Jump::from_text(node.to_value().as_str()?));
    let choices = match properties
        .node()
        .property("Choices")
        .map(|choices| &choices.kind)
    {
        Some(NodeKind::List(choices)) => choices.as_slice(),
        _ => &[],
    };
    let default = properties.node().property("DefaultTask").and_then(jump);
    let chosen = choices
        .iter()
        .filter_map(|choice| choice.property("NextTask").and_then(jump));
    default.into_iter().chain(chosen).collect()
}
