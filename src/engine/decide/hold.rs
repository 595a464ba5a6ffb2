//! An execution is held before its first task, and let go.

use crate::engine::draft::Draft;
use crate::engine::effect::{EffectKey, HOLD};
use crate::engine::event::{Fact, UnitId};
use crate::engine::input::Refused;

/// Holds an execution that was started so.
pub(super) fn begin(draft: &mut Draft) {
    let started = draft.state.started.as_ref();
    let reason = started.and_then(|started| Some(started.hold.as_ref()?.wait_reason()));
    if let Some(reason) = reason.filter(|_| !draft.state.tasks.is_empty()) {
        draft.record(Fact::ExecutionPaused { task: 0, reason });
    }
}

/// What held the execution is over; `timer` is the unit of the timer that says so, if one does.
pub(super) fn over(draft: &mut Draft, timer: Option<UnitId>) -> Result<(), Refused> {
    let expected = draft.state.hold_timer();
    let fits = match timer {
        Some(id) => expected == Some(EffectKey::Timer(id, HOLD)),
        None => draft.state.hold().is_some(),
    };
    if !fits {
        return Err(Refused::Stale);
    }
    draft.record(Fact::ExecutionReleased { by: String::new() });
    Ok(())
}
