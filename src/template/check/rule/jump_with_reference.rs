//! A jump target holds a placeholder, but targets are never evaluated.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::jump::targets;
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "jump-with-reference",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for target in cx.tasks.iter().flat_map(targets) {
        if target.is_computed() {
            report.push(
                Diagnostic::error(
                    RULE.code,
                    target.span,
                    format!("`{}` must be the name of a task, not computed", target.key),
                )
                .hint("choose between tasks with `ACS::Choice`"),
            );
        }
    }
}
