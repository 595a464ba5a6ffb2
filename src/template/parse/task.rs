//! `Tasks`: the steps, in order.

use crate::base::diagnostic::Diagnostic;
use crate::base::name::Name;
use crate::base::source::Spanned;
use crate::template::expr::Expression;
use crate::template::model::{Jump, Retry, Task};
use crate::template::parse::section::{Section, Unknown, name, text, wrong_kind};
use crate::template::parse::{description, looping, task_outputs};
use crate::template::yaml::{Node, NodeKind};

const KEYS: [&str; 19] = [
    "Name",
    "Action",
    "Description",
    "Properties",
    "Outputs",
    "When",
    "OnSuccess",
    "OnError",
    "OnCancel",
    "IsCritical",
    "Loop",
    "Retries",
    "Delay",
    "DelayType",
    "BackOff",
    "MaxRetryInterval",
    "Timeout",
    "Lock",
    "Undo",
];

/// Reads a list of tasks, which must not be empty. Tasks without a name or an action are reported
/// and left out.
pub(super) fn tasks(node: &Node, what: &str, report: &mut Vec<Diagnostic>) -> Vec<Task> {
    let NodeKind::List(items) = &node.kind else {
        report.push(wrong_kind(node, what, "a list of tasks"));
        return Vec::new();
    };
    if items.is_empty() {
        report.push(
            Diagnostic::error("no-tasks", node.span, format!("{what} is empty"))
                .hint("a template has at least one task"),
        );
    }
    items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| task(at, item, report))
        .collect()
}

fn task(at: usize, node: &Node, report: &mut Vec<Diagnostic>) -> Option<Task> {
    let what = match node.get("Name").map(|name| &name.kind) {
        Some(NodeKind::Text(name)) => format!("task `{name}`"),
        _ => format!("task {}", at + 1),
    };
    let section = Section::open(node, what, report)?;
    section.only(&KEYS, Unknown::Refused, report);
    let written = section
        .required("Name", report)
        .and_then(|node| text(node, &section.value_of("Name"), report));
    let action = section
        .required("Action", report)
        .and_then(|node| text(node, &section.value_of("Action"), report));
    let properties = properties(&section, report);
    let outputs = task_outputs::read(&section, report);
    let looping = looping::read(&section, report);
    let retry = retry(&section, report);
    let description = description::read(&section, "Description", report);
    let when = section.expression("When", report);
    let on_success = jump(&section, "OnSuccess", report);
    let on_error = jump(&section, "OnError", report);
    let on_cancel = jump(&section, "OnCancel", report);
    let is_critical = section.boolean("IsCritical", report).unwrap_or(true);
    let timeout = section.expression("Timeout", report);
    let lock = section.expression("Lock", report);
    // Only now may a task be given up: everything that is wrong with it has been said.
    let (written, action) = (written?, action?);
    Some(Task {
        span: node.span,
        name: name(&written.value, written.span, "a task", report),
        action: Spanned::new(Name::from(action.value), action.span),
        description,
        properties,
        outputs,
        when,
        on_success,
        on_error,
        on_cancel,
        is_critical,
        looping,
        retry,
        timeout,
        lock,
        undo: section.get("Undo").cloned(),
    })
}

/// Properties are a map, or a text with a placeholder that yields one.
fn properties(section: &Section<'_>, report: &mut Vec<Diagnostic>) -> Option<Expression> {
    let node = section.get("Properties")?;
    if matches!(node.kind, NodeKind::Map(_) | NodeKind::Text(_)) {
        return Some(Expression::parse(node, report));
    }
    report.push(wrong_kind(node, &section.value_of("Properties"), "a map"));
    None
}

fn jump(section: &Section<'_>, key: &str, report: &mut Vec<Diagnostic>) -> Option<Spanned<Jump>> {
    let target = section.text(key, report)?;
    Some(Spanned::new(Jump::from_text(&target.value), target.span))
}

fn retry(section: &Section<'_>, report: &mut Vec<Diagnostic>) -> Retry {
    Retry {
        retries: section.expression("Retries", report),
        delay: section.expression("Delay", report),
        delay_type: section.expression("DelayType", report),
        back_off: section.expression("BackOff", report),
        max_retry_interval: section.expression("MaxRetryInterval", report),
    }
}
