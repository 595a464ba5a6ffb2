//! `ACS::WaitFor` or `ACS::CheckFor` does not say which answer it wants.

use crate::action::ActionKind;
use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::literal::entry;
use crate::template::check::report::Report;
use crate::template::yaml::{Entry, NodeKind};

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
fn constrains(entries: &[Entry], name: &str) -> bool {
    entry(entries, name).is_some_and(|entry| match &entry.value.kind {
        NodeKind::Null => false,
        NodeKind::List(values) => !values.is_empty(),
        NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::Text(_) | NodeKind::Map(_) => true,
    })
}
