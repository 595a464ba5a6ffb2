//! The loop that drives a decision to where something must be waited for.

use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact};
use crate::engine::flow::{begin, fanout, finish, unit};
use crate::engine::state::{Control, TaskState};
use crate::engine::status::{Mode, WaitReason};

/// Takes steps until something must be waited for.
pub(in crate::engine) fn proceed(draft: &mut Draft) {
    while step(draft) {}
}

/// Takes one step; tells whether there was one to take.
fn step(draft: &mut Draft) -> bool {
    match draft.state.control {
        Control::New | Control::Paused(..) | Control::Ended(_) => false,
        Control::Next(place) => next_step(draft, place),
        Control::Failed(place) => pause(draft, place, WaitReason::Failure),
        Control::At(place) => {
            let task = &draft.state.tasks[place as usize];
            if task.looping.is_some() {
                fanout::step(draft, place)
            } else {
                single_step(draft, place)
            }
        }
        Control::Finish => {
            finish::finish(draft);
            true
        }
    }
}

/// Takes the step to a task: it was done before, is asked about, or begins.
fn next_step(draft: &mut Draft, place: u32) -> bool {
    if begin::take_over(draft, place) {
        return true;
    }
    if asks_before_tasks(draft) {
        return pause(draft, place, WaitReason::Debug);
    }
    begin::begin(draft, place, None);
    true
}

fn asks_before_tasks(draft: &Draft) -> bool {
    let mode = draft.state.started.as_ref().map(|started| started.mode);
    // What is to be done on cancelling is done without questions.
    mode == Some(Mode::Debug) && !draft.state.cancelled
}

fn pause(draft: &mut Draft, task: u32, reason: WaitReason) -> bool {
    draft.record(Fact::ExecutionPaused { task, reason });
    true
}

/// Takes a step of a task without a loop: its unit starts, or the task ends as its unit did.
fn single_step(draft: &mut Draft, place: u32) -> bool {
    let task: &TaskState = &draft.state.tasks[place as usize];
    if !task.units.is_empty() {
        return false;
    }
    let Some(end) = &task.result else {
        unit::start(draft, place, None);
        return true;
    };
    let end = End::clone(end);
    let target = match end {
        End::Success { .. } => task.target.clone(),
        End::Failed { .. } | End::Cancelled { .. } | End::Skipped { .. } | End::Deferred { .. } => {
            None
        }
    };
    draft.record(Fact::TaskEnded {
        task: place,
        end,
        target,
    });
    true
}
