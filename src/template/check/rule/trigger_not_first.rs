//! A trigger is not the first task, or there is more than one.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "trigger-not-first",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    let first_is_trigger = cx
        .tasks
        .first()
        .is_some_and(|step| step.action.is_trigger());
    for step in cx
        .tasks
        .iter()
        .skip(1)
        .filter(|step| step.action.is_trigger())
    {
        let message = if first_is_trigger {
            "a template has at most one trigger"
        } else {
            "a trigger must be the first task"
        };
        report.push(
            Diagnostic::error(RULE.code, step.task.action.span, message)
                .related(cx.tasks[0].task.name.span, "the first task"),
        );
    }
}
