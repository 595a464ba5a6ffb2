//! `ACS::Approve` chooses what comes of it when its time is over, but has no time that could be over.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "timeout-outcome",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in cx.approvals() {
        let Some(outcome) = step.property("TimeoutOutcome") else {
            continue;
        };
        let error = |reason: &str| Diagnostic::error(RULE.code, outcome.span(), reason);
        if step.task.timeout.is_none() {
            let reason = "the time of this approval is never over, as the task has no `Timeout`";
            report.push(error(reason));
        } else if step.task.looping.is_some() {
            let reason = "`Timeout` is the time of the whole loop, so it cannot decide an approval";
            report.push(error(reason));
        }
    }
}
