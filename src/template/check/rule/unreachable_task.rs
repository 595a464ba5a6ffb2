//! No way through the template leads to a task.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::jump::{Target, successors, targets};
use crate::template::check::report::Report;
use crate::template::model::Jump;

pub(crate) const RULE: Rule = Rule {
    code: "unreachable-task",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    // A jump to nowhere is an error already; until it is mended nobody knows what it reaches.
    if cx
        .tasks
        .iter()
        .flat_map(targets)
        .any(|target| is_lost(cx, &target))
    {
        return;
    }
    let mut reached = vec![false; cx.tasks.len()];
    let mut waiting = vec![0];
    while let Some(index) = waiting.pop() {
        let Some(step) = cx.tasks.get(index).filter(|step| !reached[step.index]) else {
            continue;
        };
        reached[index] = true;
        waiting.extend(successors(cx, step));
    }
    for step in cx.tasks.iter().filter(|step| !reached[step.index]) {
        let name = &step.task.name;
        report.push(
            Diagnostic::warning(
                RULE.code,
                name.span,
                format!("no task leads to `{}`, so it never runs", name.value),
            )
            .hint("remove it, or jump to it"),
        );
    }
}

fn is_lost(cx: &Context<'_>, target: &Target) -> bool {
    matches!(&target.jump, Jump::Task(name) if cx.template.task(name.as_str()).is_none())
}
