//! A task carries an attribute that its action never looks at.

use crate::action::{Attribute, Embedded};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::template::check::context::{Context, Rule, Step};
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "ignored-attribute",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        for (key, span) in ignored(step) {
            report.push(Diagnostic::warning(
                RULE.code,
                span,
                format!("`{key}` has no effect on `{}`", step.task.action.value),
            ));
        }
    }
}

fn ignored(step: &Step<'_>) -> Vec<(&'static str, Span)> {
    let mut ignored = Vec::new();
    let task = step.task;
    let Some(spec) = step.action.spec() else {
        return ignored;
    };
    if !spec.kind.carries(Attribute::Polling) {
        let retry = &task.retry;
        let settings = [
            ("Retries", &retry.retries),
            ("Delay", &retry.delay),
            ("DelayType", &retry.delay_type),
            ("BackOff", &retry.back_off),
            ("MaxRetryInterval", &retry.max_retry_interval),
        ];
        ignored.extend(
            settings
                .into_iter()
                .filter_map(|(key, setting)| Some((key, setting.as_ref()?.span()))),
        );
    }
    // An empty map of outputs is never noticed: published templates have it.
    if !spec.kind.carries(Attribute::Outputs)
        && let Some(output) = task.outputs.first()
    {
        ignored.push(("Outputs", output.name.span));
    }
    if step.action.is(Embedded::Choice)
        && let Some(jump) = &task.on_success
    {
        ignored.push(("OnSuccess", jump.span));
    }
    ignored
}
