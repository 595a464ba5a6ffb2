//! How tasks and loop items look.

use crate::base::time::Timestamp;
use crate::base::value::text;
use crate::cli::output::status::{loop_words, status_cell};
use crate::cli::output::stream::Output;
use crate::cli::output::style::Role;
use crate::cli::output::table::{Table, TableCell};
use crate::cli::output::words::{between, duration};
use crate::store::view::TaskView;

/// Prints a table of tasks.
pub(in crate::cli) fn task_table(
    tasks: &[TaskView],
    now: Timestamp,
    output: &mut Output,
) -> std::io::Result<()> {
    let mut table = Table::new(output, &["TASK", "ACTION", "STATUS", "DURATION", "DETAILS"]);
    for task in tasks {
        table.row(vec![
            name_cell(task),
            TableCell::from(&task.task_action),
            status_cell(task.status),
            TableCell::from(time_taken(task, now)),
            TableCell::from(details(task)),
        ]);
    }
    table.print(output)
}

fn name_cell(task: &TaskView) -> TableCell {
    match (&task.loop_index, &task.loop_item) {
        (Some(index), Some(item)) => TableCell::of(
            Role::Faint,
            format!("  [{index}] {}", shortened(&text(item), 40)),
        ),
        _ => TableCell::of(Role::Strong, &task.task_name),
    }
}

fn time_taken(task: &TaskView, now: Timestamp) -> String {
    let Some(start) = task.start_date else {
        return "-".to_owned();
    };
    duration(between(start, task.end_date.unwrap_or(now)))
}

fn details(task: &TaskView) -> String {
    let mut details = Vec::new();
    if let Some(counts) = &task.loop_counts {
        details.push(loop_words(counts));
    }
    if task.attempt > 1 {
        details.push(format!("attempt {}", task.attempt));
    }
    if !task.status_message.is_empty() {
        details.push(task.status_message.clone());
    }
    details.join("; ")
}

/// Returns the beginning of a text, marked if something is missing.
fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(letters - 1).collect();
    short.push('…');
    short
}
