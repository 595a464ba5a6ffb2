//! Cancel, of the execution and of the task at work.

use crate::engine::decide::signal::target::{expect_task, name_of, not_now, record};
use crate::engine::decide::stop;
use crate::engine::draft::Draft;
use crate::engine::event::{Fact, Signal, StopCause};
use crate::engine::input::Refused;
use crate::engine::state::Control;

/// Cancels the execution. Saying it twice is saying it once, unless a task of the clean-up waits for
/// somebody: then it is the answer to that.
pub(super) fn cancel(draft: &mut Draft, signal: &Signal) {
    if draft.state.cancelled {
        let current = draft.state.current();
        if current.is_some_and(|(_, task)| task.waiting > 0 && task.stopping.is_none()) {
            record(draft, signal);
            stop_current(draft);
        }
        return;
    }
    record(draft, signal);
    draft.record(Fact::CancelRequested {
        by: signal.by.clone(),
        note: signal.note.clone(),
    });
    stop_current(draft);
}

pub(super) fn cancel_task(draft: &mut Draft, signal: &Signal, task: &str) -> Result<(), Refused> {
    match draft.state.control {
        Control::At(place) => {
            expect_task(draft, Some(task), place)?;
            let stopping = draft.state.tasks[place as usize].stopping;
            if stopping.is_none() {
                record(draft, signal);
                stop_current(draft);
            }
            Ok(())
        }
        Control::Failed(place) | Control::Paused(place, _) => Err(not_now(format!(
            "task `{}` is not at work: skip it, complete or cancel the execution",
            name_of(draft, place)
        ))),
        Control::New | Control::Next(_) | Control::Finish | Control::Ended(_) => {
            Err(not_now("no task is at work"))
        }
    }
}

fn stop_current(draft: &mut Draft) {
    let current = draft.state.current();
    if let Some(place) = current.and_then(|(place, task)| task.stopping.is_none().then_some(place))
    {
        stop::stop(draft, place, StopCause::Cancelled);
    }
}
