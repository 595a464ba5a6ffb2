//! `ACS::Approve` wants more approvals than it names approvers, so it can never pass.

use std::collections::HashSet;

use crate::base::diagnostic::Diagnostic;
use crate::base::value::{Value, text};
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::expr::Expression;

pub(crate) const RULE: Rule = Rule {
    code: "approver-count",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in cx.approvals() {
        let Some(approvers) = step.property("Approvers") else {
            continue;
        };
        let Some(Value::Array(names)) = approvers.as_literal() else {
            continue;
        };
        let wanted = step.property("MinRequiredApprovals");
        let count = match wanted.map(Expression::as_literal) {
            None => 1,
            Some(Some(value)) => match text(&value).parse::<usize>() {
                Ok(count) => count,
                Err(_) => continue,
            },
            Some(None) => continue,
        };
        // One person approves once, however often the list has the name.
        let people: HashSet<String> = names.iter().map(text).collect();
        if people.len() < count {
            report.push(
                Diagnostic::error(
                    RULE.code,
                    wanted.unwrap_or(approvers).span(),
                    format!("{count} must approve, but only {} may", people.len()),
                )
                .related(approvers.span(), "who may approve"),
            );
        }
    }
}
