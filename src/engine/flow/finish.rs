//! The execution ends.

use crate::base::value::Map;
use crate::engine::draft::Draft;
use crate::engine::event::Fact;
use crate::engine::state::State;
use crate::engine::status::{ExecutionStatus, TaskStatus};

/// Ends the execution with the status that its tasks came to.
pub(super) fn finish(draft: &mut Draft) {
    let status = status(&draft.state);
    end(draft, status);
}

/// Ends the execution with a status.
pub(in crate::engine) fn end(draft: &mut Draft, status: ExecutionStatus) {
    let message = match (status, draft.state.first_failure()) {
        (ExecutionStatus::Failed, Some(failure)) => failure.to_string(),
        _ => String::new(),
    };
    let outputs = outputs(draft);
    draft.record(Fact::ExecutionEnded {
        status,
        outputs,
        message,
    });
}

/// Failure is sticky: a path that cleans up after it ends well all the same.
fn status(state: &State) -> ExecutionStatus {
    let cancelled = state
        .tasks
        .iter()
        .any(|task| task.status == TaskStatus::Cancelled);
    if state.cancelled {
        ExecutionStatus::Cancelled
    } else if !state.failures.is_empty() {
        ExecutionStatus::Failed
    } else if cancelled {
        ExecutionStatus::Cancelled
    } else {
        ExecutionStatus::Success
    }
}

/// Evaluates the template's outputs as far as they can be, after a failure too.
fn outputs(draft: &Draft) -> Map {
    let scope = draft.scope(None);
    let template = &draft.state.template;
    template
        .outputs
        .iter()
        .map(|output| {
            let value = output.value.evaluate(&scope).unwrap_or_default();
            (output.name.value.as_str().to_owned(), value)
        })
        .collect()
}
