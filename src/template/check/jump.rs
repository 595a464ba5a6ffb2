//! Every jump of a template: where control may go after a task (language reference 2.4, 4.4).

use crate::action::Embedded;
use crate::base::source::Span;
use crate::template::check::context::{Context, Step};
use crate::template::expr::Expression;
use crate::template::model::Jump;
use crate::template::yaml::NodeKind;

/// A jump as it is written.
pub(crate) struct Target {
    /// The key that holds it: `OnError`, `NextTask`.
    pub(crate) key: &'static str,
    /// Where it is written.
    pub(crate) span: Span,
    /// Where it goes.
    pub(crate) jump: Jump,
}

impl Target {
    /// Tells whether the target is computed instead of written.
    pub(crate) fn is_computed(&self) -> bool {
        matches!(&self.jump, Jump::Task(name) if name.as_str().contains("{{"))
    }
}

/// Returns every jump that the task writes.
pub(crate) fn targets(step: &Step<'_>) -> Vec<Target> {
    let task = step.task;
    let mut targets: Vec<Target> = [
        ("OnSuccess", &task.on_success),
        ("OnError", &task.on_error),
        ("OnCancel", &task.on_cancel),
    ]
    .into_iter()
    .filter_map(|(key, jump)| {
        jump.as_ref().map(|jump| Target {
            key,
            span: jump.span,
            jump: jump.value.clone(),
        })
    })
    .collect();
    if step.action.is(Embedded::Choice) {
        targets.extend(choice_targets(step));
    }
    targets
}

/// Returns the jumps of a Choice: the default, then those of the conditions.
pub(crate) fn choice_targets(step: &Step<'_>) -> Vec<Target> {
    let default = step
        .property("DefaultTask")
        .and_then(|name| target("DefaultTask", name));
    let next = choices(step).filter_map(|choice| target("NextTask", choice.get("NextTask")?));
    default.into_iter().chain(next).collect()
}

/// Returns the choices of a Choice as they are written.
pub(crate) fn choices<'a>(step: &Step<'a>) -> impl Iterator<Item = &'a Expression> {
    step.property("Choices")
        .and_then(Expression::elements)
        .unwrap_or_default()
        .iter()
}

fn target(key: &'static str, name: &Expression) -> Option<Target> {
    match &name.node().kind {
        NodeKind::Text(text) => Some(Target {
            key,
            span: name.span(),
            jump: Jump::from_text(text),
        }),
        _ => None,
    }
}

/// Returns the tasks that may run after each task, by index; the number of tasks is the end.
pub(crate) fn successors(cx: &Context<'_>, step: &Step<'_>) -> Vec<usize> {
    let end = cx.tasks.len();
    let place = |jump: &Jump| match jump {
        Jump::Next => Some(step.index + 1),
        Jump::End => Some(end),
        Jump::Task(name) => cx.template.task(name.as_str()).map(|(index, _)| index),
    };
    let task = step.task;
    let written = |jump: &Option<crate::base::source::Spanned<Jump>>, default: Jump| {
        place(jump.as_ref().map_or(&default, |jump| &jump.value))
    };
    let mut next = Vec::new();
    if step.action.is(Embedded::Choice) {
        next.extend(
            choice_targets(step)
                .iter()
                .filter_map(|target| place(&target.jump)),
        );
    } else {
        next.extend(written(&task.on_success, Jump::Next));
    }
    next.extend(written(&task.on_error, Jump::End));
    next.extend(written(&task.on_cancel, Jump::End));
    if task.when.is_some() {
        next.push(step.index + 1);
    }
    next
}
