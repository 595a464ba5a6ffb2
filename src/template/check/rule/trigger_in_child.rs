//! A task calls a template that begins with a trigger; only an execution that somebody starts can
//! wait for one.

use crate::action::{ActionKind, Embedded};
use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::library::Action;
use crate::template::check::report::Report;
use crate::template::model::Template;

pub(crate) const RULE: Rule = Rule {
    code: "trigger-in-child",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for child in cx.tasks.iter().filter_map(|step| step.child.as_ref()) {
        let Action::Template(callee) = &child.action else {
            continue;
        };
        if callee.template.as_ref().is_some_and(has_trigger) {
            report.push(Diagnostic::error(
                RULE.code,
                child.name.span,
                format!("`{}` has a trigger, so it cannot be called", callee.name),
            ));
        }
    }
}

fn has_trigger(template: &Template) -> bool {
    template.tasks.iter().any(|task| {
        Embedded::from_name(task.action.value.as_str())
            .is_some_and(|embedded| embedded.kind() == ActionKind::Trigger)
    })
}
