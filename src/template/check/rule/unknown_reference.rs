//! A reference names a parameter, a task or an output that does not exist.

use crate::base::diagnostic::Diagnostic;
use crate::base::name::Name;
use crate::base::source::Span;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::{Report, suggest};
use crate::template::check::resolve::{Resolution, for_each, output_names};
use crate::template::model::Task;

pub(crate) const RULE: Rule = Rule {
    code: "unknown-reference",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for_each(cx, |_, reference, resolution| match resolution {
        Resolution::UnknownParameter(name) => report.push(parameter(cx, name, reference.span)),
        Resolution::UnknownTask(name) => report.push(task(cx, name, reference.span)),
        Resolution::UnknownOutput(task, name) => report.push(output(task, name, reference.span)),
        Resolution::Known
        | Resolution::OtherCase(_)
        | Resolution::TooEarly(_)
        | Resolution::NoItem
        | Resolution::Kept(_) => {}
    });
}

fn parameter(cx: &Context<'_>, name: &Name, span: Span) -> Diagnostic {
    let error = Diagnostic::error(
        RULE.code,
        span,
        format!("there is no parameter called `{name}`"),
    );
    if let Some((_, task)) = cx.template.task(name.as_str()) {
        return error.hint(format!(
            "`{}` is a task: name one of its outputs, as in `{{{{ {0}.output }}}}`",
            task.name.value
        ));
    }
    let names = cx.template.parameters.iter();
    suggest(
        error,
        name.as_str(),
        names.map(|parameter| parameter.name.value.as_str()),
    )
}

fn task(cx: &Context<'_>, name: &Name, span: Span) -> Diagnostic {
    let error = Diagnostic::error(RULE.code, span, format!("there is no task called `{name}`"));
    let names = cx.template.tasks.iter();
    suggest(
        error,
        name.as_str(),
        names.map(|task| task.name.value.as_str()),
    )
}

fn output(task: &Task, name: &Name, span: Span) -> Diagnostic {
    let error = Diagnostic::error(
        RULE.code,
        span,
        format!("task `{}` has no output called `{name}`", task.name.value),
    )
    .related(task.name.span, "the task");
    if output_names(task).next().is_none() {
        return error.hint("declare it under `Outputs` of the task");
    }
    suggest(error, name.as_str(), output_names(task).map(Name::as_str))
}
