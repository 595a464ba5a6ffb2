//! What facts mean for the row of a task: statuses, counters, reasons to wait.

use crate::base::time::Timestamp;
use crate::base::value::Map;
use crate::engine::event::{ApprovalTerms, End, Work};
use crate::engine::status::{TaskStatus, WaitReason};
use crate::store::projection::TaskRow;
use crate::store::view::LoopCounts;

/// Ends a row.
pub(super) fn close(row: &mut TaskRow, end: &End, at: Timestamp) {
    let (status, message, outputs) = match end {
        End::Success { outputs } => (TaskStatus::Success, String::new(), outputs.clone()),
        End::Failed { failure, outputs } => {
            (TaskStatus::Failed, failure.to_string(), outputs.clone())
        }
        End::Cancelled { report } => (TaskStatus::Cancelled, report.clone(), Map::new()),
        End::Skipped { reason } => {
            let reason = reason.as_ref().map(ToString::to_string);
            (TaskStatus::Skipped, reason.unwrap_or_default(), Map::new())
        }
        // Its turn comes again; until then the listing says why.
        End::Deferred { failure } => (TaskStatus::Pending, failure.to_string(), Map::new()),
    };
    row.status = status;
    row.message = message;
    row.outputs = outputs;
    row.waiting = None;
    row.ended = Some(at);
}

/// Tells whether somebody is waited for.
pub(super) fn is_waiting(status: TaskStatus) -> bool {
    matches!(status, TaskStatus::Waiting | TaskStatus::Unknown)
}

/// Returns the counter of a loop that counts items of a status.
pub(super) fn counter(counts: &mut LoopCounts, status: TaskStatus) -> Option<&mut u32> {
    match status {
        TaskStatus::Running | TaskStatus::Waiting | TaskStatus::Unknown => {
            Some(&mut counts.running)
        }
        TaskStatus::Success => Some(&mut counts.success),
        TaskStatus::Failed => Some(&mut counts.failed),
        TaskStatus::Skipped => Some(&mut counts.skipped),
        TaskStatus::Pending | TaskStatus::Cancelled => None,
    }
}

/// Returns the status that a unit begins with, and what it waits for now or later on.
pub(super) fn first_wait(
    work: &Work,
    confirm: bool,
    approval: Option<&ApprovalTerms>,
) -> (TaskStatus, Option<WaitReason>) {
    let wait = |approvers: &[String], required| WaitReason::Approval {
        approvers: approvers.to_vec(),
        required,
        given: Vec::new(),
    };
    if let Some(terms) = approval {
        let reason = wait(&terms.approvers, terms.required);
        return (TaskStatus::Waiting, Some(reason));
    }
    if confirm {
        let reason = WaitReason::Confirmation { api: api_of(work) };
        return (TaskStatus::Waiting, Some(reason));
    }
    match work {
        Work::Approval {
            notice,
            approvers,
            required,
            ..
        } => {
            let reason = wait(approvers, *required);
            let status = match notice {
                // People are asked when the message is out: `NoticeSent`.
                Some(_) => TaskStatus::Running,
                None => TaskStatus::Waiting,
            };
            (status, Some(reason))
        }
        Work::Pause => (TaskStatus::Waiting, Some(WaitReason::Pause)),
        Work::Watch { trigger, .. } => {
            let reason = WaitReason::Trigger {
                trigger: *trigger,
                paused: false,
            };
            (TaskStatus::Waiting, Some(reason))
        }
        Work::Call { .. }
        | Work::Poll { .. }
        | Work::Sleep { .. }
        | Work::Choice { .. }
        | Work::Trigger { .. }
        | Work::Child { .. } => (TaskStatus::Running, None),
    }
}

/// Returns what a unit that waits for a confirmation would call.
fn api_of(work: &Work) -> String {
    match work {
        Work::Call { call } | Work::Poll { call, .. } => call.display_name(),
        Work::Child { template, .. } => template.clone(),
        Work::Sleep { .. }
        | Work::Choice { .. }
        | Work::Trigger { .. }
        | Work::Approval { .. }
        | Work::Watch { .. }
        | Work::Pause => String::new(),
    }
}
