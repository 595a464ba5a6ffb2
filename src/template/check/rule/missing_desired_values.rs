//! `ACS::WaitFor` or `ACS::CheckFor` does not say which answer it wants.

use crate::action::ActionKind;
use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::literal::{entry, is_null};
use crate::template::check::report::Report;
use crate::template::expr::MapEntry;

pub(crate) const RULE: Rule = Rule {
    code: "missing-desired-values",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        let polls = step
            .action
            .spec()
            .is_some_and(|spec| spec.kind == ActionKind::Poll);
        let Some(entries) = step.properties().filter(|_| polls) else {
            continue;
        };
        if !["DesiredValues", "NotDesiredValues"]
            .iter()
            .any(|name| constrains(entries, name))
        {
            report.push(
                Diagnostic::error(
                    RULE.code,
                    step.task.action.span,
                    "neither `DesiredValues` nor `NotDesiredValues` names a value",
                )
                .related(step.task.name.span, "in this task"),
            );
        }
    }
}

/// An empty list is no constraint.
fn constrains(entries: &[MapEntry], name: &str) -> bool {
    entry(entries, name).is_some_and(|entry| {
        let is_empty = entry.value.elements().is_some_and(<[_]>::is_empty);
        !is_empty && !is_null(&entry.value)
    })
}
