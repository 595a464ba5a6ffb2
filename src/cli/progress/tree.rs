//! Progress on a terminal: a tree of tasks that is drawn over itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar as _;

use crate::base::id::ExecutionId;
use crate::base::output::LogKey;
use crate::base::time::Timestamp;
use crate::cli::output::{Output, Role, Status, between, duration, harmless_line, loop_words};
use crate::cli::progress::follower::Follower;
use crate::cli::progress::model::{ExecutionProgress, TaskProgress};

/// Lines of the tree at most: more would scroll and could not be drawn over.
const MOST_LINES: usize = 20;

/// Children shown inside of children at most.
const DEEPEST: usize = 3;

/// Draws an execution again and again at the same place.
#[derive(Debug, Default)]
pub(in crate::cli) struct Tree {
    /// Lines on the screen that belong to the tree.
    drawn: usize,
    /// The newest line of output by execution and task.
    output: BTreeMap<(ExecutionId, String), String>,
}

/// One line of the tree.
struct Line {
    role: Role,
    text: String,
    /// Whether it may be left out when there are too many.
    is_idle: bool,
}

impl Tree {
    /// Remembers output of a command: its last line is shown under its task.
    pub(in crate::cli) fn note_output(&mut self, key: &LogKey, text: &str) {
        if let Some(line) = text.lines().rev().find(|line| !line.trim().is_empty()) {
            let place = (key.execution.clone(), key.task.clone());
            self.output.insert(place, line.to_owned());
        }
    }

    /// Draws the present state over the last one.
    pub(in crate::cli) fn draw(
        &mut self,
        follower: &Follower,
        now: Timestamp,
        output: &mut Output,
    ) {
        let mut lines = Vec::new();
        let root = follower.root();
        lines.push(heading(root, now));
        self.add_tasks(root, follower, 1, now, &mut lines);
        let hidden = leave_out_idle(&mut lines);
        if hidden > 0 {
            let text = format!("  … {hidden} more");
            lines.push(Line {
                role: Role::Faint,
                text,
                is_idle: false,
            });
        }
        let width = output.error_width();
        let mut frame = self.erasure();
        for line in &lines {
            let text = output.paint_error(line.role, &cut(&line.text, width));
            writeln!(frame, "{text}").expect("writing to a string cannot fail");
        }
        self.drawn = lines.len();
        output.draw(&frame);
    }

    /// Leaves the tree on the screen; the next one is drawn below it.
    pub(in crate::cli) fn leave(&mut self) {
        self.drawn = 0;
    }

    /// Takes the tree off the screen.
    pub(in crate::cli) fn clear(&mut self, output: &mut Output) {
        let frame = self.erasure();
        self.drawn = 0;
        output.draw(&frame);
    }

    /// Returns what moves the cursor to where the tree began and clears everything below.
    fn erasure(&self) -> String {
        match self.drawn {
            0 => String::new(),
            lines => format!("\x1b[{lines}F\x1b[J"),
        }
    }

    fn add_tasks(
        &self,
        execution: &ExecutionProgress,
        follower: &Follower,
        depth: usize,
        now: Timestamp,
        lines: &mut Vec<Line>,
    ) {
        for task in &execution.tasks {
            let is_busy = task.start.is_some() && task.end.is_none();
            if depth > 1 && !is_busy {
                continue;
            }
            lines.push(task_line(task, depth, now));
            if !is_busy {
                continue;
            }
            let child = task.child.as_ref().and_then(|id| follower.find(id));
            if let Some(child) = child.filter(|_| depth < DEEPEST) {
                self.add_tasks(child, follower, depth + 1, now, lines);
            }
            if let Some(text) = self.output.get(&(execution.id.clone(), task.name.clone())) {
                let text = format!("{:indent$}│ {text}", "", indent = 2 * depth + 2);
                lines.push(Line {
                    role: Role::Faint,
                    text,
                    is_idle: false,
                });
            }
        }
    }
}

fn heading(root: &ExecutionProgress, now: Timestamp) -> Line {
    let took = root
        .start
        .map(|start| duration(between(start, root.end.unwrap_or(now))));
    let text = format!(
        "{} {} {}  {}  {}",
        root.status.sign(),
        root.template,
        root.status.word(),
        took.unwrap_or_default(),
        root.id,
    );
    Line {
        role: Role::Strong,
        text,
        is_idle: false,
    }
}

fn task_line(task: &TaskProgress, depth: usize, now: Timestamp) -> Line {
    let mut text = format!(
        "{:indent$}{} {} {}",
        "",
        task.status.sign(),
        task.name,
        task.status.word(),
        indent = 2 * depth,
    );
    if let Some(start) = task.start {
        let took = duration(between(start, task.end.unwrap_or(now)));
        write!(text, "  {took}").expect("writing to a string cannot fail");
    }
    if let Some(counts) = &task.counts {
        write!(text, "  {}", loop_words(counts)).expect("writing to a string cannot fail");
    }
    if !task.message.is_empty() {
        write!(text, "  {}", task.message).expect("writing to a string cannot fail");
    }
    let is_idle = task.start.is_none() || task.end.is_some();
    Line {
        role: task.status.role(),
        text,
        is_idle,
    }
}

/// Leaves lines of tasks out that are not at work until the tree fits; returns how many.
fn leave_out_idle(lines: &mut Vec<Line>) -> usize {
    let mut excess = lines.len().saturating_sub(MOST_LINES);
    let before = lines.len();
    lines.retain(|line| {
        let leave_out = excess > 0 && line.is_idle;
        excess -= usize::from(leave_out);
        !leave_out
    });
    before - lines.len()
}

/// Returns the beginning of a text that fits into `width` columns, made harmless: output of commands
/// must not move the cursor.
fn cut(text: &str, width: usize) -> String {
    let mut used = 0;
    harmless_line(text)
        .chars()
        .take_while(|letter| {
            used += letter.width().unwrap_or(0);
            used < width
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_by_columns_and_freed_of_control_characters() {
        assert_eq!(cut("a\x1b[2Jb\u{202e}c", 80), "a\\x1b[2Jb\\u{202e}c");
        assert_eq!(cut("值值值", 5), "值值");
        assert_eq!(cut("abc", 3), "ab");
    }

    #[test]
    fn idle_lines_give_way_to_busy_ones() {
        let line = |number: usize, is_idle| Line {
            role: Role::Faint,
            text: number.to_string(),
            is_idle,
        };
        let mut lines: Vec<Line> = (0..30)
            .map(|number| line(number, number % 2 == 0))
            .collect();
        assert_eq!(leave_out_idle(&mut lines), 10);
        assert_eq!(lines.len(), 20);
        assert!(lines.iter().filter(|line| !line.is_idle).count() == 15);
    }
}
