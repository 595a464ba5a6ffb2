//! An action is found only because names ignore case (language reference 8.4, case 6).
//! `ACS::ExecuteApi` is so common that it counts as a spelling of its own.

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "action-case",
    check,
};

/// The spelling of the embedded action that published templates use as often as the other one.
const ALIAS: &str = "ACS::ExecuteApi";

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        if let Some(spec) = step.action.spec() {
            let action = &step.task.action;
            compare(action.value.as_str(), &spec.name, action.span, report);
        }
        let called = step.child.as_ref().filter(|_| step.calls_template());
        if let Some(child) = called
            && let Some(spec) = child.action.spec()
        {
            compare(child.name.value, &spec.name, child.name.span, report);
        }
    }
}

fn compare(written: &str, declared: &str, span: Span, report: &mut Report) {
    if written != declared && written != ALIAS {
        report.push(
            Diagnostic::warning(RULE.code, span, format!("the name is spelt `{declared}`"))
                .hint(format!("write `{declared}`")),
        );
    }
}
