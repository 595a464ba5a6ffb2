//! The template describes a desired state, which `oos` reads and does not run.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::model::Format;

pub(crate) const RULE: Rule = Rule {
    code: "state-format",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    if cx.template.format == Format::State {
        let span = cx
            .template
            .root
            .get("FormatVersion")
            .map_or(cx.template.root.span, |node| node.span);
        report.push(
            Diagnostic::warning(
                RULE.code,
                span,
                "a template of a desired state can be validated but not run",
            )
            .hint("write what is to be done as `Tasks` of `OOS-2019-06-01`"),
        );
    }
}
