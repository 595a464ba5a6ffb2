//! The end of a task, and where control goes from there (language reference 2.4).

use std::sync::Arc;

use crate::engine::apply::place::{behind, task_mut};
use crate::engine::apply::verdict::Verdict;
use crate::engine::event::{End, Failure};
use crate::engine::state::{Control, State};
use crate::engine::status::{Mode, TaskStatus};
use crate::template::model::Jump;

pub(super) fn ended(state: &mut State, place: u32, end: &End, target: Option<&Jump>) -> Verdict {
    let cancelling = state.cancelled;
    let task = task_mut(state, place)?;
    if !task.units.is_empty() {
        return Err("something is still under way in the task".into());
    }
    if matches!(end, End::Deferred { .. }) {
        return Err("a task is not tried again by itself".into());
    }
    let cancelled = cancelling && task.stopping.is_some();
    task.deadline = None;
    task.stopping = None;
    task.result = None;
    task.overrides = None;
    let (status, outputs) = match end {
        End::Success { outputs } => (TaskStatus::Success, outputs.clone()),
        End::Failed { outputs, .. } => (TaskStatus::Failed, outputs.clone()),
        End::Deferred { .. } => (TaskStatus::Failed, serde_json::Map::new()),
        End::Cancelled { .. } => (TaskStatus::Cancelled, serde_json::Map::new()),
        End::Skipped { .. } => (TaskStatus::Skipped, serde_json::Map::new()),
    };
    task.status = status;
    task.outputs = Arc::new(outputs);
    // A retry goes on with the loop of a task that did not end well.
    if !matches!(status, TaskStatus::Failed | TaskStatus::Cancelled) {
        task.looping = None;
    }
    if let End::Failed { failure, .. } = end
        && state.template.tasks[place as usize].is_critical
    {
        state.failures.push_back((place, failure.clone()));
    }
    if cancelled {
        follow_on_cancel(state, place);
    } else {
        follow(state, place, end, target);
    }
    Ok(())
}

/// Takes a task as it had ended in the execution that is repeated.
pub(super) fn taken(state: &mut State, place: u32, end: &End, target: Option<&Jump>) -> Verdict {
    let task = task_mut(state, place)?;
    if task.attempt > 0 || task.status != TaskStatus::Pending {
        return Err("the task has begun here already".into());
    }
    match end {
        End::Success { outputs } => {
            task.status = TaskStatus::Success;
            task.outputs = Arc::new(outputs.clone());
            task.target = target.cloned();
        }
        End::Skipped { .. } => task.status = TaskStatus::Skipped,
        End::Failed { .. } | End::Cancelled { .. } | End::Deferred { .. } => {
            return Err("only what ended well is taken over".into());
        }
    }
    follow(state, place, end, target);
    Ok(())
}

/// Sends control where it goes when the execution is cancelled at a task.
pub(super) fn follow_on_cancel(state: &mut State, place: u32) {
    let template = Arc::clone(&state.template);
    let jump = template.tasks[place as usize].on_cancel.as_ref();
    go(state, place, jump.map_or(&Jump::End, |jump| &jump.value));
}

fn follow(state: &mut State, place: u32, end: &End, target: Option<&Jump>) {
    let template = Arc::clone(&state.template);
    let task = &template.tasks[place as usize];
    let asks = !state.cancelled
        && state
            .started
            .as_ref()
            .is_some_and(|started| started.mode != Mode::Automatic);
    let jump = match end {
        End::Failed { .. } | End::Cancelled { .. } if asks => {
            state.control = Control::Failed(place);
            return;
        }
        End::Success { .. } => target
            .or(task.on_success.as_ref().map(|jump| &jump.value))
            .unwrap_or(&Jump::Next),
        End::Skipped { .. } => &Jump::Next,
        End::Failed { .. } | End::Deferred { .. } => task
            .on_error
            .as_ref()
            .map_or(&Jump::End, |jump| &jump.value),
        End::Cancelled { .. } => task
            .on_cancel
            .as_ref()
            .map_or(&Jump::End, |jump| &jump.value),
    };
    go(state, place, jump);
}

/// Control only moves forward, so that every execution comes to an end; the check before a run
/// says so with a place in the file, and this is the net below it.
fn go(state: &mut State, place: u32, jump: &Jump) {
    state.control = match jump {
        Jump::Next => behind(state, place),
        Jump::End => Control::Finish,
        Jump::Task(name) => {
            let found = state.template.task(name.as_str());
            match found.and_then(|(target, _)| u32::try_from(target).ok()) {
                Some(target) if target > place => Control::Next(target),
                _ => {
                    let failure = Failure {
                        code: "InvalidJump".into(),
                        message: format!("`{name}` is not a task further down"),
                    };
                    state.failures.push_back((place, failure));
                    Control::Finish
                }
            }
        }
    };
}
