//! The steps of an `ACS::Loop`: a list of tasks inside a property.

use std::ops::Range;

use crate::action::Embedded;
use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::Step;
use crate::template::expr::Expression;
use crate::template::model::Template;
use crate::template::parse::parse_tasks_value;
use crate::template::yaml::Node;

/// The property that holds the steps.
const STEPS: &str = "LoopTasks";

/// Steps as a template of their own.
pub(crate) struct Steps {
    /// The tasks that run before the loop, then the steps: what a step may refer to stands before
    /// it.
    pub(crate) template: Template,
    /// Which of its tasks are steps.
    pub(crate) range: Range<usize>,
    /// What is wrong with how they are written.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Returns the steps of a task, if it is an `ACS::Loop` that has some.
pub(crate) fn of(template: &Template, step: &Step<'_>) -> Option<Steps> {
    if !step.action.is(Embedded::Loop) {
        return None;
    }
    let node = node(step)?;
    let parsed = parse_tasks_value(&template.source, node);
    let mut tasks = template.tasks[..step.index].to_vec();
    let before = tasks.len();
    tasks.extend(parsed.template.map(|steps| steps.tasks).unwrap_or_default());
    let range = before..tasks.len();
    Some(Steps {
        template: Template {
            tasks,
            outputs: Vec::new(),
            ..template.clone()
        },
        range,
        diagnostics: parsed.diagnostics,
    })
}

/// Returns the list of steps as it is written.
pub(crate) fn node<'a>(step: &Step<'a>) -> Option<&'a Node> {
    step.task.properties.as_ref()?.node().property(STEPS)
}

/// Returns the properties of an `ACS::Loop` without its steps.
pub(crate) fn others(properties: &Expression) -> impl Iterator<Item = &Expression> {
    let steps = properties.get(STEPS);
    let entries = properties.entries().unwrap_or_default().iter();
    let is_steps = move |value: &Expression| steps.is_some_and(|steps| std::ptr::eq(steps, value));
    entries
        .map(|entry| &entry.value)
        .filter(move |value| !is_steps(value))
}
