//! What a reference stands for where it is written (language reference 3.1).

use crate::base::name::Name;
use crate::base::source::Spanned;
use crate::template::check::context::Context;
use crate::template::check::site::Site;
use crate::template::expr::{Pseudo, Reference};
use crate::template::model::Task;

/// What a reference stands for.
pub(crate) enum Resolution<'a> {
    /// Something that is there.
    Known,
    /// Something that is there and spelt with other capitals; the spelling of its declaration.
    OtherCase(String),
    /// No parameter.
    UnknownParameter(&'a Name),
    /// No task.
    UnknownTask(&'a Name),
    /// No output of the task.
    UnknownOutput(&'a Task, &'a Name),
    /// An output of a task that has not run yet, or of the task itself.
    TooEarly(&'a Task),
    /// The loop item where there is none.
    NoItem,
    /// No name of the template, in a placeholder that may be meant for another tool and stays as
    /// it is.
    Kept(&'a Name),
}

/// Resolves every reference of the template and hands it to `visit`.
pub(crate) fn for_each<'a>(
    cx: &'a Context<'_>,
    mut visit: impl FnMut(&Site<'a>, &Spanned<Reference>, Resolution<'_>),
) {
    for site in &cx.sites {
        let optional = site.expression.optional_references();
        for reference in site.expression.references() {
            let resolution = match resolve(cx, site, &reference.value) {
                Resolution::UnknownParameter(name)
                | Resolution::UnknownTask(name)
                | Resolution::UnknownOutput(_, name)
                    if optional.contains(&reference) =>
                {
                    Resolution::Kept(name)
                }
                resolution => resolution,
            };
            visit(site, &reference, resolution);
        }
    }
}

fn resolve<'a>(cx: &'a Context<'_>, site: &Site<'_>, reference: &'a Reference) -> Resolution<'a> {
    match reference {
        Reference::Parameter(name) => match cx.template.parameter(name.as_str()) {
            Some(parameter) => spelling(name, &parameter.name.value, ""),
            None => Resolution::UnknownParameter(name),
        },
        Reference::Output { task, output, .. } => resolve_output(cx, site, task, output),
        Reference::Pseudo(Pseudo::TaskLoopItem) if !site.item => Resolution::NoItem,
        Reference::Pseudo(_) | Reference::Stored(_) | Reference::Secret(_) => Resolution::Known,
    }
}

fn resolve_output<'a>(
    cx: &'a Context<'_>,
    site: &Site<'_>,
    task_name: &'a Name,
    output: &'a Name,
) -> Resolution<'a> {
    let Some((index, task)) = cx.template.task(task_name.as_str()) else {
        return Resolution::UnknownTask(task_name);
    };
    if index >= site.tasks {
        return Resolution::TooEarly(task);
    }
    let Some(declared) = output_names(task).find(|name| *name == output) else {
        return Resolution::UnknownOutput(task, output);
    };
    match spelling(task_name, &task.name.value, "") {
        Resolution::Known => spelling(output, declared, &format!("{}.", task.name.value)),
        _ => Resolution::OtherCase(format!("{}.{declared}", task.name.value)),
    }
}

/// Returns the names under which later tasks find outputs of `task`.
pub(crate) fn output_names(task: &Task) -> impl Iterator<Item = &Name> {
    let aggregates = task.looping.iter().flat_map(|looping| &looping.outputs);
    aggregates
        .map(|aggregate| &aggregate.name.value)
        .chain(task.outputs.iter().map(|output| &output.name.value))
}

fn spelling<'a>(written: &Name, declared: &Name, before: &str) -> Resolution<'a> {
    if written.as_str() == declared.as_str() {
        Resolution::Known
    } else {
        Resolution::OtherCase(format!("{before}{declared}"))
    }
}
