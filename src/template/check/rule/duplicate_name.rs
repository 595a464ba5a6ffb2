//! Two parameters, tasks, outputs or conditions have names that differ at most in case, so that a
//! reference cannot tell them apart.

use std::collections::HashMap;

use crate::base::diagnostic::Diagnostic;
use crate::base::name::Name;
use crate::base::source::Spanned;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "duplicate-name",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    let template = cx.template;
    let parameters = template.parameters.iter().map(|parameter| &parameter.name);
    check_names("a parameter", parameters, report);
    let conditions = template.conditions.iter().map(|condition| &condition.name);
    check_names("a condition", conditions, report);
    check_names(
        "a task",
        template.tasks.iter().map(|task| &task.name),
        report,
    );
    for task in &template.tasks {
        let outputs = task.outputs.iter().map(|output| &output.name);
        check_names("an output of the task", outputs, report);
        let aggregates = task.looping.iter().flat_map(|looping| &looping.outputs);
        let names = aggregates.map(|aggregate| &aggregate.name);
        check_names("an output of the loop", names, report);
    }
    let outputs = template.outputs.iter().map(|output| &output.name);
    check_names("an output", outputs, report);
}

fn check_names<'a>(
    what: &str,
    names: impl Iterator<Item = &'a Spanned<Name>>,
    report: &mut Report,
) {
    let mut first: HashMap<&Name, &Spanned<Name>> = HashMap::new();
    for name in names {
        let Some(other) = first.get(&name.value) else {
            first.insert(&name.value, name);
            continue;
        };
        let message = if name.value.as_str() == other.value.as_str() {
            format!("there is already {what} called `{}`", name.value)
        } else {
            format!(
                "there is already {what} called `{}`, and names ignore case",
                other.value
            )
        };
        report.push(
            Diagnostic::error(RULE.code, name.span, message).related(other.span, "the first one"),
        );
    }
}
