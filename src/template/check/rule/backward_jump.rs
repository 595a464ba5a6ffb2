//! A jump goes to the task itself or to an earlier one, so the execution might never end.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::jump::targets;
use crate::template::check::report::Report;
use crate::template::model::Jump;

pub(crate) const RULE: Rule = Rule {
    code: "backward-jump",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        for target in targets(step) {
            let Jump::Task(name) = &target.jump else {
                continue;
            };
            let Some((index, task)) = cx.template.task(name.as_str()) else {
                continue;
            };
            if index > step.index {
                continue;
            }
            let message = if index == step.index {
                format!("`{}` jumps to the task itself", target.key)
            } else {
                format!("`{}` jumps back to `{name}`", target.key)
            };
            report.push(
                Diagnostic::error(RULE.code, target.span, message)
                    .related(task.name.span, "the target")
                    .hint("jump to a later task; repeat with `Loop` or `ACS::WaitFor`"),
            );
        }
    }
}
