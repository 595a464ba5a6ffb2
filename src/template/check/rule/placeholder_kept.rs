//! A placeholder with an expression uses a name that the template does not have, so it stays as it
//! is: it may be meant for another tool.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::{Report, suggest};
use crate::template::check::resolve::{Resolution, for_each};

pub(crate) const RULE: Rule = Rule {
    code: "placeholder-kept",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for_each(cx, |_, reference, resolution| {
        let Resolution::Kept(name) = resolution else {
            return;
        };
        let warning = Diagnostic::warning(
            RULE.code,
            reference.span,
            format!("there is no `{name}` here, so the placeholder stays as it is"),
        );
        let parameters = cx.template.parameters.iter();
        let tasks = cx.template.tasks.iter();
        let names = parameters
            .map(|parameter| parameter.name.value.as_str())
            .chain(tasks.map(|task| task.name.value.as_str()));
        report.push(suggest(warning, name.as_str(), names));
    });
}
