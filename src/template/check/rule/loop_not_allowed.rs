//! A task loops over an action that cannot be repeated.

use crate::action::Attribute;
use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "loop-not-allowed",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        let (Some(looping), Some(spec)) = (&step.task.looping, step.action.spec()) else {
            continue;
        };
        if !spec.kind.carries(Attribute::Loop) {
            report.push(
                Diagnostic::error(
                    RULE.code,
                    looping.span,
                    format!("a task with `{}` cannot loop", spec.name),
                )
                .related(step.task.action.span, "the action"),
            );
        }
    }
}
