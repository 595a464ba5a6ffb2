//! Every expression of a template, with the names that it may use where it stands.

use crate::action::Embedded;
use crate::template::check::steps;
use crate::template::expr::Expression;
use crate::template::model::{Loop, Retry, Task, Template};

/// An expression and what it can see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    /// The expression.
    pub(crate) expression: &'a Expression,
    /// What it belongs to.
    pub(crate) owner: Owner<'a>,
    /// How many tasks, from the first, have outputs that it can name.
    pub(crate) tasks: usize,
    /// Whether there is a current loop item.
    pub(crate) item: bool,
}

/// What an expression belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner<'a> {
    /// The default of a parameter, or the role: evaluated before any task.
    Start,
    /// A task.
    Task(&'a Task),
    /// A named condition: evaluated wherever it is used.
    Condition,
    /// An output of the template: evaluated at the end.
    End,
}

/// Returns every expression of the template.
pub(crate) fn sites(template: &Template) -> Vec<Site<'_>> {
    let mut sites = Vec::new();
    let all = template.tasks.len();
    let defaults = template
        .parameters
        .iter()
        .filter_map(|parameter| parameter.default.as_ref());
    for expression in defaults.chain(&template.ram_role) {
        sites.push(site(expression, Owner::Start, 0, false));
    }
    for condition in &template.conditions {
        sites.push(site(&condition.expression, Owner::Condition, all, true));
    }
    for (index, task) in template.tasks.iter().enumerate() {
        add_task(task, index, &mut sites);
    }
    for output in &template.outputs {
        sites.push(site(&output.value, Owner::End, all, false));
    }
    sites
}

/// Returns every expression of the template; one that holds the steps of an `ACS::Loop` holds theirs.
pub(crate) fn expressions(template: &Template) -> impl Iterator<Item = &Expression> {
    let repeated = template.tasks.iter().filter(|task| repeats_steps(task));
    let steps = repeated.flat_map(|task| {
        let outputs = task.outputs.iter().map(|output| &output.selector);
        task.properties.iter().chain(outputs)
    });
    let sites = sites(template).into_iter().map(|site| site.expression);
    sites.chain(steps)
}

/// Returns every expression of one task, those of the steps of an `ACS::Loop` included.
pub(crate) fn expressions_of(task: &Task) -> impl Iterator<Item = &Expression> {
    let mut sites = Vec::new();
    add_task(task, 0, &mut sites);
    let steps = task.properties.iter().filter(|_| repeats_steps(task));
    sites.into_iter().map(|site| site.expression).chain(steps)
}

/// Returns the named conditions of a template.
pub(crate) fn conditions(template: &Template) -> impl Iterator<Item = &Expression> {
    template
        .conditions
        .iter()
        .map(|condition| &condition.expression)
}

fn repeats_steps(task: &Task) -> bool {
    Embedded::from_name(task.action.value.as_str()) == Some(Embedded::Loop)
}

fn site<'a>(expression: &'a Expression, owner: Owner<'a>, tasks: usize, item: bool) -> Site<'a> {
    Site {
        expression,
        owner,
        tasks,
        item,
    }
}

fn add_task<'a>(task: &'a Task, index: usize, sites: &mut Vec<Site<'a>>) {
    let owner = Owner::Task(task);
    let repeats_steps = repeats_steps(task);
    // The outputs of an `ACS::Loop` name outputs of its steps, which are checked with the steps.
    let outputs = task.outputs.iter().filter(|_| !repeats_steps);
    let per_item = properties(task, repeats_steps)
        .into_iter()
        .chain(&task.when)
        .chain(&task.timeout)
        .chain(outputs.map(|output| &output.selector))
        .chain(retry_expressions(&task.retry));
    let item = task.looping.is_some();
    sites.extend(per_item.map(|expression| site(expression, owner, index, item)));
    // Each item of an `ACS::Loop` has a lock of its own, too.
    let lock = task.lock.iter();
    sites.extend(lock.map(|lock| site(lock, owner, index, item || repeats_steps)));
    if let Some(looping) = &task.looping {
        let once = loop_expressions(looping);
        sites.extend(once.map(|expression| site(expression, owner, index, false)));
    }
}

/// Returns the properties, those that are the steps of an `ACS::Loop` left out.
fn properties(task: &Task, repeats_steps: bool) -> Vec<&Expression> {
    match task.properties.as_ref() {
        Some(properties) if repeats_steps => steps::others(properties).collect(),
        properties => properties.into_iter().collect(),
    }
}

fn retry_expressions(retry: &Retry) -> impl Iterator<Item = &Expression> {
    retry
        .retries
        .iter()
        .chain(&retry.delay)
        .chain(&retry.delay_type)
        .chain(&retry.back_off)
        .chain(&retry.max_retry_interval)
}

fn loop_expressions(looping: &Loop) -> impl Iterator<Item = &Expression> {
    std::iter::once(&looping.items)
        .chain(&looping.rate_control)
        .chain(&looping.concurrency)
        .chain(&looping.max_errors)
        .chain(&looping.mode)
        .chain(&looping.batch_pause_option)
}
