//! A reference names an output of a looping task that no aggregate of the loop collects: each item
//! has one, the task as a whole has none, and the reference is `null`.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::expr::Reference;

pub(crate) const RULE: Rule = Rule {
    code: "unaggregated-output",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for site in &cx.sites {
        for reference in site.expression.references() {
            let Reference::Output { task, output, .. } = &reference.value else {
                continue;
            };
            let Some((index, task)) = cx.template.task(task.as_str()) else {
                continue;
            };
            let Some(looping) = &task.looping else {
                continue;
            };
            let aggregated = looping.outputs.iter().any(|one| one.name.value == *output);
            let declared = task.outputs.iter().find(|one| one.name.value == *output);
            if let (false, Some(declared), true) = (aggregated, declared, index < site.tasks) {
                report.push(
                    Diagnostic::warning(
                        RULE.code,
                        reference.span,
                        format!(
                            "`{}` loops and does not aggregate `{output}`: this is `null`",
                            task.name.value
                        ),
                    )
                    .related(declared.name.span, "the output of each item")
                    .hint("collect it under `Outputs` of the loop"),
                );
            }
        }
    }
}
