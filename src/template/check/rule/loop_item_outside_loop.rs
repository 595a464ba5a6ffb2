//! `ACS::TaskLoopItem` is used where there is no current item.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::check::resolve::{Resolution, for_each};
use crate::template::check::site::Owner;

pub(crate) const RULE: Rule = Rule {
    code: "loop-item-outside-loop",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for_each(cx, |site, reference, resolution| {
        if !matches!(resolution, Resolution::NoItem) {
            return;
        }
        let message = match site.owner {
            Owner::Task(task) if task.looping.is_some() => {
                "the settings of a loop are read once, before there is an item".to_owned()
            }
            Owner::Task(task) => format!("task `{}` has no `Loop`, so no item", task.name.value),
            Owner::Start | Owner::Condition | Owner::End => {
                "only a task with `Loop` has an item".to_owned()
            }
        };
        report.push(Diagnostic::error(RULE.code, reference.span, message));
    });
}
