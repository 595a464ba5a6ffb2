//! How statuses look: a sign, OOS's word and a color.

use crate::base::id::ExecutionId;
use crate::base::time::utc_text;
use crate::cli::output::style::Role;
use crate::cli::output::table::TableCell;
use crate::engine::event::TriggerKind;
use crate::engine::status::{ExecutionStatus, TaskStatus, WaitReason};
use crate::store::view::LoopCounts;

/// A status of an execution or of a task.
pub(in crate::cli) trait Status {
    /// Returns the sign.
    fn sign(self) -> char;
    /// Returns the word.
    fn word(self) -> &'static str;
    /// Returns the color.
    fn role(self) -> Role;
}

impl Status for ExecutionStatus {
    fn sign(self) -> char {
        match self {
            Self::Queued => '·',
            Self::Running => '▶',
            Self::Waiting => '‖',
            Self::Success => '✓',
            Self::Failed => '✗',
            Self::Cancelled => '⊘',
        }
    }

    fn word(self) -> &'static str {
        self.as_str()
    }

    fn role(self) -> Role {
        match self {
            Self::Queued => Role::Faint,
            Self::Running => Role::Busy,
            Self::Waiting | Self::Cancelled => Role::Attention,
            Self::Success => Role::Good,
            Self::Failed => Role::Bad,
        }
    }
}

impl Status for TaskStatus {
    fn sign(self) -> char {
        match self {
            Self::Pending => '·',
            Self::Running => '▶',
            Self::Waiting => '‖',
            Self::Unknown => '?',
            Self::Success => '✓',
            Self::Failed => '✗',
            Self::Cancelled => '⊘',
            Self::Skipped => '-',
        }
    }

    fn word(self) -> &'static str {
        self.as_str()
    }

    fn role(self) -> Role {
        match self {
            Self::Pending | Self::Skipped => Role::Faint,
            Self::Running => Role::Busy,
            Self::Waiting | Self::Unknown | Self::Cancelled => Role::Attention,
            Self::Success => Role::Good,
            Self::Failed => Role::Bad,
        }
    }
}

/// Returns the cell of a status.
pub(in crate::cli) fn status_cell(status: impl Status + Copy) -> TableCell {
    TableCell::of(
        status.role(),
        format!("{} {}", status.sign(), status.word()),
    )
}

/// Returns what an execution waits for, as a clause: "approval by alice or bob".
pub(in crate::cli) fn waits_for(reason: &WaitReason) -> String {
    match reason {
        WaitReason::Approval {
            approvers,
            required,
            given,
        } => approvals(approvers, *required, given),
        WaitReason::Pause => "somebody to end the pause".to_owned(),
        WaitReason::Confirmation { api } => {
            format!("a confirmation of the high-risk call `{api}`")
        }
        WaitReason::BatchPause { batch } => {
            format!("somebody to let the next batch begin after batch {batch}")
        }
        WaitReason::Failure => "a decision about the failed task".to_owned(),
        WaitReason::Debug => "somebody to start the next task".to_owned(),
        WaitReason::Unknown { reason } => {
            format!("a decision about a call whose outcome is unknown ({reason})")
        }
        WaitReason::Timer => "a point in time".to_owned(),
        WaitReason::Trigger {
            paused: true,
            trigger,
        } => format!("its {} trigger, which is paused", lower(*trigger)),
        WaitReason::Trigger { trigger, .. } => format!("its {} trigger", lower(*trigger)),
        WaitReason::Turn { reason } => format!("its turn: {reason}"),
        WaitReason::Blackout { calendar, until } => {
            format!("the end of blackout {calendar} at {}", utc_text(*until))
        }
        WaitReason::Child { id } => format!("the child execution `{id}`"),
    }
}

fn lower(trigger: TriggerKind) -> String {
    trigger.as_str().to_ascii_lowercase()
}

/// Returns which approvals are still waited for: "2 more approvals by cat, dan (bob has approved)".
fn approvals(approvers: &[String], required: u32, given: &[String]) -> String {
    let others: Vec<&str> = approvers
        .iter()
        .filter(|approver| !given.contains(approver))
        .map(String::as_str)
        .collect();
    let who = match (approvers, given) {
        ([], []) => "anybody".to_owned(),
        ([], _) => "others".to_owned(),
        _ => others.join(", "),
    };
    if given.is_empty() {
        return match required {
            0 | 1 => format!("an approval by {who}"),
            required => format!("{required} approvals by {who}"),
        };
    }
    let have = if given.len() == 1 { "has" } else { "have" };
    let given_by = given.join(", ");
    match (required as usize).saturating_sub(given.len()) {
        0 | 1 => format!("one more approval by {who} ({given_by} {have} approved)"),
        more => format!("{more} more approvals by {who} ({given_by} {have} approved)"),
    }
}

/// Returns the commands that answer what an execution waits for, best first, each on a line.
pub(in crate::cli) fn answers(
    reason: &WaitReason,
    id: &ExecutionId,
    task: Option<&str>,
) -> Vec<String> {
    let execute = format!("execute {id} {}", task.unwrap_or("TASK"));
    let with_id = |command: &str| format!("{command} {id}");
    let commands = match reason {
        WaitReason::Approval { .. }
        | WaitReason::Pause
        | WaitReason::Confirmation { .. }
        | WaitReason::BatchPause { .. } => vec![with_id("approve"), with_id("reject")],
        WaitReason::Failure => vec![
            with_id("retry"),
            with_id("skip"),
            format!("complete {id} --status failed"),
            with_id("cancel"),
        ],
        WaitReason::Debug => vec![execute, with_id("cancel")],
        WaitReason::Unknown { .. } => vec![with_id("retry"), with_id("skip"), with_id("cancel")],
        WaitReason::Blackout { .. } => vec![with_id("approve"), with_id("cancel")],
        WaitReason::Trigger { paused: true, .. } => {
            vec![with_id("trigger resume"), with_id("cancel")]
        }
        WaitReason::Trigger { paused: false, .. } => vec![with_id("trigger show")],
        WaitReason::Timer | WaitReason::Turn { .. } | WaitReason::Child { .. } => Vec::new(),
    };
    commands
        .into_iter()
        .map(|command| format!("  oos {command}"))
        .collect()
}

/// Returns the progress of a loop: `7/100 done, 1 failed, 5 running`.
pub(in crate::cli) fn loop_words(counts: &LoopCounts) -> String {
    use std::fmt::Write as _;
    let done = counts.success + counts.failed + counts.skipped;
    let mut words = format!("{done}/{} done", counts.total);
    let parts = [
        (counts.failed, "failed"),
        (counts.skipped, "skipped"),
        (counts.running, "running"),
    ];
    for (number, word) in parts {
        if number > 0 {
            write!(words, ", {number} {word}").expect("writing to a string cannot fail");
        }
    }
    words
}
