//! Facts about the execution as a whole.

use std::sync::Arc;

use crate::base::value::Map;
use crate::engine::apply::ending;
use crate::engine::apply::verdict::Verdict;
use crate::engine::event::Started;
use crate::engine::state::{Control, Pause, State};
use crate::engine::status::{ExecutionStatus, Mode, WaitReason};

pub(super) fn started(state: &mut State, started: &Started) {
    state.plan = started.plan.as_ref().map(|plan| plan.digest.clone());
    state.started = Some(Arc::new(started.clone()));
    state.control = if state.tasks.is_empty() {
        Control::Finish
    } else {
        Control::Next(0)
    };
}

pub(super) fn paused(state: &mut State, task: u32, reason: &WaitReason) -> Verdict {
    let debug = state
        .started
        .as_ref()
        .is_some_and(|started| started.mode == Mode::Debug);
    let pause = match (state.control, reason) {
        (Control::Failed(place), WaitReason::Failure) if place == task => Pause::Failure,
        (Control::Next(place), WaitReason::Debug) if place == task && debug => Pause::Debug,
        (Control::Next(0), WaitReason::Turn { .. } | WaitReason::Blackout { .. })
            if task == 0 && is_new(state) =>
        {
            Pause::Held
        }
        (control, reason) => return Err(format!("{reason:?} does not fit {control:?}")),
    };
    state.control = Control::Paused(task, pause);
    if let Some(key) = state.hold_timer() {
        state.fresh.insert(key);
    }
    Ok(())
}

/// Tells whether the execution was started so that it does not begin, and has not begun.
fn is_new(state: &State) -> bool {
    let started = state.started.as_ref();
    started.is_some_and(|started| started.hold.is_some())
        && state.tasks.front().is_some_and(|task| task.attempt == 0)
}

pub(super) fn cancel_requested(state: &mut State) -> Verdict {
    if state.cancelled {
        return Err("cancelling has begun already".into());
    }
    state.cancelled = true;
    match state.control {
        // The task at work is ended by facts of its own.
        Control::At(_) => {}
        Control::Failed(task) | Control::Paused(task, Pause::Failure) => {
            ending::follow_on_cancel(state, task);
        }
        Control::New
        | Control::Next(_)
        | Control::Paused(_, Pause::Debug | Pause::Held)
        | Control::Finish
        | Control::Ended(_) => state.control = Control::Finish,
    }
    Ok(())
}

pub(super) fn ended(
    state: &mut State,
    status: ExecutionStatus,
    outputs: &Map,
    message: &str,
) -> Verdict {
    if !status.is_final() {
        return Err(format!("{status:?} is not a final status"));
    }
    state.control = Control::Ended(status);
    state.outputs = Arc::new(outputs.clone());
    message.clone_into(&mut state.message);
    state.fresh.clear();
    Ok(())
}
