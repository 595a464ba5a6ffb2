//! A task names an action that is neither embedded, nor native, nor a template.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::library::Action;
use crate::template::check::report::{Report, suggest};

pub(crate) const RULE: Rule = Rule {
    code: "unknown-action",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        if !matches!(step.action, Action::Missing) {
            continue;
        }
        let name = &step.task.action;
        let error = Diagnostic::error(
            RULE.code,
            name.span,
            format!("there is no action called `{}`", name.value),
        );
        let templates = cx.library.template_names();
        let candidates = cx
            .library
            .action_names()
            .chain(templates.iter().map(String::as_str));
        report.push(suggest(error, name.value.as_str(), candidates));
    }
}
