//! A loop aggregates an output that the task does not declare, so every item gives `null`
//! (language reference 8.4, case 16).

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::{Report, suggest};

pub(crate) const RULE: Rule = Rule {
    code: "undeclared-aggregate",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for task in &cx.template.tasks {
        let Some(looping) = &task.looping else {
            continue;
        };
        for aggregate in &looping.outputs {
            let field = &aggregate.field;
            if task
                .outputs
                .iter()
                .any(|output| output.name.value == field.value)
            {
                continue;
            }
            let warning = Diagnostic::warning(
                RULE.code,
                field.span,
                format!(
                    "task `{}` has no output called `{}`, so the aggregate holds only `null`",
                    task.name.value, field.value
                ),
            );
            let names = task.outputs.iter().map(|output| output.name.value.as_str());
            report.push(suggest(warning, field.value.as_str(), names));
        }
    }
}
