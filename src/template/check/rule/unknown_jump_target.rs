//! A jump names a task that does not exist.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::jump::targets;
use crate::template::check::report::{Report, suggest};
use crate::template::model::Jump;

pub(crate) const RULE: Rule = Rule {
    code: "unknown-jump-target",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for target in cx.tasks.iter().flat_map(targets) {
        let Jump::Task(name) = &target.jump else {
            continue;
        };
        if target.is_computed() || cx.template.task(name.as_str()).is_some() {
            continue;
        }
        let error = Diagnostic::error(
            RULE.code,
            target.span,
            format!("`{}` jumps to `{name}`, which is no task", target.key),
        );
        let tasks = cx.template.tasks.iter();
        let names = tasks
            .map(|task| task.name.value.as_str())
            .chain(["ACS::END", "ACS::NEXT"]);
        report.push(suggest(error, name.as_str(), names));
    }
}
