//! How approvals look: what is to be approved, and what was.

use std::io;

use serde_json::Value;

use crate::base::value::text;
use crate::cli::output::stream::Output;
use crate::cli::output::style::Role;
use crate::cli::output::words::indented;
use crate::store::view::{ExecutionView, TaskView};

/// Returns the plan that an execution is bound to, and whether one person may do everything.
pub(super) fn plan_words(view: &ExecutionView) -> String {
    let plan = view.plan.as_ref().map(ToString::to_string);
    let alone = view
        .self_approval
        .then(|| format!("{} may approve, too", view.executed_by));
    let parts: Vec<String> = plan.into_iter().chain(alone).collect();
    parts.join("; ")
}

/// Prints what a person approves: what runs, on how many targets, who started it and why.
pub(in crate::cli) fn print_review(
    view: &ExecutionView,
    targets: &[(String, Option<usize>)],
    output: &mut Output,
) {
    let targets: Vec<String> = targets
        .iter()
        .map(|(path, count)| match count {
            Some(count) => format!("{path}: {count}"),
            None => format!("{path}: known when it runs"),
        })
        .collect();
    let fields = [
        ("Execution", view.execution_id.to_string()),
        ("Template", view.template_name.clone()),
        ("Description", view.description.clone()),
        ("Task", view.current_tasks.join(", ")),
        ("Started by", view.executed_by.clone()),
        ("Targets", targets.join("; ")),
        ("Plan", plan_words(view)),
    ];
    for (name, value) in fields {
        if !value.is_empty() {
            output.note(format_args!("  {name:<12} {}", indented(&value, 15)));
        }
    }
    for (name, value) in &view.parameters {
        output.note(format_args!("  {name:<12} {}", indented(&text(value), 15)));
    }
}

/// Prints the approvals that were given: by whom, when, for which plan and why.
pub(super) fn print_approvals(tasks: &[TaskView], output: &mut Output) -> io::Result<()> {
    let given = tasks.iter().filter_map(|task| {
        let list = task.properties.get("Approvals")?.as_array()?;
        Some((task, list))
    });
    let mut is_first = true;
    for (task, list) in given {
        for approval in list {
            if std::mem::take(&mut is_first) {
                let heading = output.paint(Role::Strong, "Approvals");
                output.line(format_args!("\n{heading}"))?;
            }
            let words = approval_words(approval);
            let words = output.foreign(&words);
            output.line(format_args!(
                "  {}: {}",
                task.task_name,
                indented(&words, 4)
            ))?;
        }
    }
    Ok(())
}

fn approval_words(approval: &Value) -> String {
    let part = |name: &str| approval.get(name).map(text).unwrap_or_default();
    let at = part("At");
    if let Some(outcome) = approval.get("TimeoutOutcome") {
        return format!("by nobody in time at {at}: {}", text(outcome));
    }
    let plan = match approval.get("Plan") {
        Some(Value::String(plan)) => format!(", for {plan}"),
        _ => String::new(),
    };
    let note = match part("Note") {
        note if note.is_empty() => note,
        note => format!("\n{note}"),
    };
    format!("{} at {at}{plan}{note}", part("By"))
}
