//! A template that a task calls is there, but could not be read.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::library::Action;
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "unreadable-template",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        let (action, span) = match &step.child {
            Some(child) => (&child.action, child.name.span),
            None => (&step.action, step.task.action.span),
        };
        if let Action::Unreadable(reason) = action {
            report.push(Diagnostic::error(RULE.code, span, reason.as_ref()));
        }
    }
}
