//! A task uses an action that this version reads but cannot carry out.

use crate::action::Embedded;
use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::library::Action;
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "unsupported-action",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        let Action::Embedded(embedded) = &step.action else {
            continue;
        };
        if !is_supported(*embedded) {
            report.push(Diagnostic::warning(
                RULE.code,
                step.task.action.span,
                format!("`{}` is understood but cannot be run yet", embedded.name()),
            ));
        }
    }
}

fn is_supported(embedded: Embedded) -> bool {
    !matches!(embedded, Embedded::GitCodeRepo)
}
