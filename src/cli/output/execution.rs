//! How one execution looks, whole.

use std::io;

use serde_json::Value;

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::{Map, text};
use crate::cli::client;
use crate::cli::global::Format;
use crate::cli::output::approval::{plan_words, print_approvals};
use crate::cli::output::lock::print_locks;
use crate::cli::output::status::{Status as _, answers, waits_for};
use crate::cli::output::stream::Output;
use crate::cli::output::style::Role;
use crate::cli::output::task::task_table;
use crate::cli::output::words::{ago, between, counted, duration, indented, local};
use crate::engine::event::Repeat;
use crate::engine::status::{Mode, WaitReason};
use crate::store::LockView;
use crate::store::view::{ExecutionView, TaskView};

/// So many values of a list are shown at the end of a run on a terminal.
const SHORT: usize = 20;

/// What an execution repeats, and what repeats it.
#[derive(Debug, Default)]
pub(in crate::cli) struct Kin {
    /// The one that it repeats.
    pub(in crate::cli) repeats: Option<Repeat>,
    /// Those that repeat it.
    pub(in crate::cli) repeated_by: Vec<ExecutionId>,
    /// The locks that it and its children have and wait for.
    pub(in crate::cli) locks: Vec<LockView>,
    /// Those that have what it waits for and that nobody works on.
    pub(in crate::cli) left: Vec<ExecutionId>,
}

impl Kin {
    fn print(&self, output: &mut Output) -> io::Result<()> {
        if let Some(repeat) = &self.repeats {
            let what = if repeat.rest { " (what was left)" } else { "" };
            print_field("Repeats", &format!("{}{what}", repeat.execution), output)?;
            print_field("Note", &repeat.note, output)?;
        }
        let ids: Vec<&str> = self.repeated_by.iter().map(ExecutionId::as_str).collect();
        print_field("Repeated by", &ids.join(", "), output)
    }

    fn add_to(&self, document: &mut Value) {
        let Value::Object(fields) = document else {
            return;
        };
        if let Some(repeat) = &self.repeats {
            let id = repeat.execution.to_string();
            fields.insert("RepeatsExecutionId".to_owned(), id.into());
            fields.insert("RepeatsOnlyRest".to_owned(), repeat.rest.into());
            fields.insert("RepeatNote".to_owned(), repeat.note.clone().into());
        }
        if let Ok(locks @ Value::Array(_)) = serde_json::to_value(&self.locks)
            && !self.locks.is_empty()
        {
            fields.insert("Locks".to_owned(), locks);
        }
        if !self.repeated_by.is_empty() {
            let ids = self.repeated_by.iter().map(ToString::to_string);
            fields.insert("RepeatedBy".to_owned(), ids.collect());
        }
    }
}

/// Prints an execution in the form that was asked for.
pub(in crate::cli) fn print_execution(
    view: &ExecutionView,
    kin: &Kin,
    tasks: &[TaskView],
    output: &mut Output,
) -> io::Result<()> {
    let now = client::now();
    if output.format() != Format::Text {
        let mut document = execution_document(view, tasks)?;
        kin.add_to(&mut document);
        return output.document(&document);
    }
    print_header(view, now, output)?;
    kin.print(output)?;
    print_map("Parameters", &view.parameters, output)?;
    print_tasks(tasks, now, output)?;
    print_map("Outputs", &view.outputs, output)?;
    print_approvals(tasks, output)?;
    print_locks(&kin.locks, &kin.left, output)?;
    if let Some(reason) = &view.waiting_status {
        output.line("")?;
        for line in wait_lines(view, reason) {
            output.line(line)?;
        }
    }
    Ok(())
}

/// Prints how an execution that was worked on here came out.
pub(in crate::cli) fn print_result(
    view: &ExecutionView,
    tasks: &[TaskView],
    now: Timestamp,
    output: &mut Output,
) -> io::Result<()> {
    if output.format() != Format::Text {
        return output.document(&execution_document(view, tasks)?);
    }
    print_status(view, output)?;
    if !view.status_message.is_empty() {
        let message = indented(&output.foreign(&view.status_message), 2);
        output.line(format_args!("  {message}"))?;
    }
    print_tasks(tasks, now, output)?;
    if output.is_read_by_person() {
        print_map("Outputs", &shortened(view), output)
    } else {
        print_map("Outputs", &view.outputs, output)
    }
}

/// Returns the outputs of an execution, long lists only named: those of loops over many targets.
fn shortened(view: &ExecutionView) -> Map {
    let mut outputs = view.outputs.clone();
    for value in outputs.values_mut() {
        if let Value::Array(values) = value
            && values.len() > SHORT
        {
            let count = counted(values.len(), "value");
            *value = format!("{count}: oos show {}", view.execution_id).into();
        }
    }
    outputs
}

/// Returns what an execution waits for and the commands that go on with it.
pub(in crate::cli) fn wait_lines(view: &ExecutionView, reason: &WaitReason) -> Vec<String> {
    let tasks = match view.current_tasks.as_slice() {
        [] => String::new(),
        tasks => format!(" (task {})", tasks.join(", ")),
    };
    let wait = format!("Waits for {}{tasks}.", waits_for(reason));
    let commands: Vec<String> = match reason {
        WaitReason::Child { id } => vec![format!("  oos show {id}")],
        _ => answers(
            reason,
            &view.execution_id,
            view.current_tasks.first().map(String::as_str),
        ),
    };
    if commands.is_empty() {
        return vec![wait];
    }
    let is_for_others = matches!(reason, WaitReason::Approval { .. }) && !view.self_approval;
    let others = is_for_others.then(|| {
        format!(
            "`{}` started it, so another person must approve.",
            view.executed_by
        )
    });
    std::iter::once(format!("{wait} Go on with:"))
        .chain(commands)
        .chain(others)
        .collect()
}

/// Returns an execution with its tasks as one object.
fn execution_document(view: &ExecutionView, tasks: &[TaskView]) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(view)?;
    if let Value::Object(fields) = &mut document {
        fields.insert("Tasks".to_owned(), serde_json::to_value(tasks)?);
    }
    Ok(document)
}

fn print_status(view: &ExecutionView, output: &mut Output) -> io::Result<()> {
    let status = format!("{} {}", view.status.sign(), view.status.word());
    let id = output.paint(Role::Strong, view.execution_id.as_str());
    let status = output.paint(view.status.role(), &status);
    output.line(format_args!("{id}  {status}"))
}

fn print_header(view: &ExecutionView, now: Timestamp, output: &mut Output) -> io::Result<()> {
    print_status(view, output)?;
    let template = match &view.template_version {
        Some(version) => format!("{} ({version})", view.template_name),
        None => view.template_name.clone(),
    };
    let started = format!(
        "{} ({}) by {}",
        local(view.start_date),
        ago(view.start_date, now),
        view.executed_by
    );
    let took = duration(between(view.start_date, view.end_date.unwrap_or(now)));
    let tags: Vec<String> = view
        .tags
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let fields = [
        ("Template", template),
        ("Description", view.description.clone()),
        ("Started", started),
        ("Duration", took),
        ("Mode", mode_words(view.mode).to_owned()),
        ("Plan", plan_words(view)),
        ("Role", view.ram_role.clone().unwrap_or_default()),
        (
            "Parent",
            view.parent_execution_id
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ),
        ("Tags", tags.join(", ")),
        ("Message", view.status_message.clone()),
    ];
    for (name, value) in fields {
        print_field(name, &value, output)?;
    }
    Ok(())
}

/// Prints a line of the header; nothing for an empty value.
fn print_field(name: &str, value: &str, output: &mut Output) -> io::Result<()> {
    if value.is_empty() {
        return Ok(());
    }
    let value = indented(&output.foreign(value), 15);
    output.line(format_args!("  {name:<12} {value}"))
}

fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Automatic => "Automatic",
        Mode::FailurePause => "FailurePause",
        Mode::Debug => "Debug",
    }
}

fn print_tasks(tasks: &[TaskView], now: Timestamp, output: &mut Output) -> io::Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    print_heading("Tasks", output)?;
    task_table(tasks, now, output)
}

fn print_heading(heading: &str, output: &mut Output) -> io::Result<()> {
    let heading = output.paint(Role::Strong, heading);
    output.line(format_args!("\n{heading}"))
}

/// Prints names and values below a heading; nothing for an empty map.
pub(in crate::cli) fn print_map(heading: &str, map: &Map, output: &mut Output) -> io::Result<()> {
    if map.is_empty() {
        return Ok(());
    }
    print_heading(heading, output)?;
    let width = map
        .keys()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or_default()
        .max(12);
    for (name, value) in map {
        let value = indented(&output.foreign(&text(value)), width + 3);
        output.line(
            format_args!("  {name:<width$} {value}")
                .to_string()
                .trim_end(),
        )?;
    }
    Ok(())
}
