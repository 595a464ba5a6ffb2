//! A reference names an output that does not exist yet where the reference is evaluated: of a later
//! task, of the task itself, or of any task in the default of a parameter.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::check::resolve::{Resolution, for_each};
use crate::template::check::site::Owner;

pub(crate) const RULE: Rule = Rule {
    code: "forward-reference",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for_each(cx, |site, reference, resolution| {
        let Resolution::TooEarly(task) = resolution else {
            return;
        };
        let name = &task.name.value;
        let message = match site.owner {
            Owner::Task(owner) if owner.name.value == *name => {
                format!("task `{name}` refers to an output of its own")
            }
            Owner::Start => format!("no task has run yet, so `{name}` has no outputs"),
            Owner::Task(_) | Owner::Condition | Owner::End => {
                format!("task `{name}` runs later, so it has no outputs yet")
            }
        };
        report.push(
            Diagnostic::error(RULE.code, reference.span, message)
                .related(task.name.span, "the task that is referred to"),
        );
    });
}
