//! A report as data: exact. Those who write it escape what a terminal would obey.

use serde_json::{Value, json};

use crate::base::digest::Digest;
use crate::cli::fleet::words::share;
use crate::cli::output::between;
use crate::runner::report::{Group, Normal, Report, Step, Target};

/// Returns a report as one document.
pub(in crate::cli) fn json_report(report: &Report) -> Value {
    let view = &report.execution;
    json!({
        "ExecutionId": view.execution_id,
        "TemplateName": view.template_name,
        "Status": view.status,
        "StartDate": view.start_date,
        "EndDate": view.end_date,
        "ExecutedBy": view.executed_by,
        "Normalized": normalized(report.normal),
        "Steps": report.steps.iter().map(|s| step(s, report.normal)).collect::<Vec<_>>(),
    })
}

/// Returns the words for what was made equal.
pub(super) fn normalized(normal: Normal) -> Vec<&'static str> {
    [
        (normal.numbers, "numbers"),
        (normal.times, "times"),
        (normal.host, "host"),
    ]
    .into_iter()
    .filter_map(|(is_set, word)| is_set.then_some(word))
    .collect()
}

fn step(step: &Step, normal: Normal) -> Value {
    let total = step.targets.len();
    let statuses: serde_json::Map<String, Value> = step
        .statuses()
        .into_iter()
        .map(|(status, count)| (status.as_str().to_owned(), count.into()))
        .collect();
    let classes: Vec<Value> = step
        .classes()
        .into_iter()
        .map(|class| {
            json!({
                "Class": class.class,
                "Count": class.count,
                "Percent": share(class.count, total),
                "Targets": step.names_of_class(class.class),
            })
        })
        .collect();
    let groups = step.groups.iter().enumerate();
    json!({
        "Name": step.name,
        "Total": total,
        "Statuses": statuses,
        "Classes": classes,
        "Groups": groups.map(|(place, g)| group(step, (place, g), normal)).collect::<Vec<_>>(),
        "Targets": step.targets.iter().map(target).collect::<Vec<_>>(),
    })
}

fn group(step: &Step, (place, group): (usize, &Group), normal: Normal) -> Value {
    let output = group.output.as_ref();
    json!({
        "Status": group.key.status,
        "Class": group.class,
        "Code": group.key.code,
        "Count": group.members.len(),
        "Percent": share(group.members.len(), step.targets.len()),
        "Targets": step.names_of(group),
        "Digest": Digest::from_hash(&group.key.hash),
        "Stdout": output.map(|output| &output.stdout),
        "Stderr": output.map(|output| &output.stderr),
        "Truncated": output.is_none_or(|output| output.is_cut),
        "Difference": step.odd_lines(place, normal),
    })
}

fn target(target: &Target) -> Value {
    let fault = target.fault.as_ref();
    json!({
        "Name": target.name,
        "Status": target.status,
        "Class": target.class(),
        "Code": fault.map(|fault| &fault.code),
        "Message": fault.map(|fault| &fault.message),
        "ExitCode": target.exit_code,
        "Attempt": target.attempt,
        "StartDate": target.started,
        "EndDate": target.ended,
        "Milliseconds": milliseconds(target),
        "Group": target.group,
        "ExecutionId": target.log.execution,
        "TaskName": target.log.task,
        "LoopIndex": target.log.item,
    })
}

/// Returns how long a target took, if it has ended.
pub(super) fn milliseconds(target: &Target) -> Option<u64> {
    let took = between(target.started?, target.ended?);
    u64::try_from(took.as_millis()).ok()
}
