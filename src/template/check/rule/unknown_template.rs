//! `ACS::Template` names a template that does not exist.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::library::Action;
use crate::template::check::report::{Report, suggest};

pub(crate) const RULE: Rule = Rule {
    code: "unknown-template",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in cx.tasks.iter().filter(|step| step.calls_template()) {
        let Some(child) = &step.child else {
            continue;
        };
        if !matches!(child.action, Action::Missing) {
            continue;
        }
        let error = Diagnostic::error(
            RULE.code,
            child.name.span,
            format!("there is no template called `{}`", child.name.value),
        );
        let names = cx.library.template_names();
        report.push(suggest(
            error,
            child.name.value,
            names.iter().map(String::as_str),
        ));
    }
}
