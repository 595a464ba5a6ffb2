//! A timer's moment came.

use crate::engine::decide::{expire, hold, stop};
use crate::engine::draft::Draft;
use crate::engine::effect::{DEADLINE, EffectKey, HOLD, ROUND};
use crate::engine::event::{End, Fact, StopCause, UnitId};
use crate::engine::input::Refused;
use crate::engine::state::{Phase, deadline_key, task_timers};

pub(super) fn decide(draft: &mut Draft, id: UnitId, timer: u32) -> Result<(), Refused> {
    if timer == DEADLINE {
        return deadline(draft, id);
    }
    if timer == ROUND {
        return round(draft, id);
    }
    if timer == HOLD {
        return hold::over(draft, Some(id));
    }
    let unit = draft.state.unit(id).ok_or(Refused::Stale)?;
    match unit.phase {
        Phase::Pausing(poll, _) if poll == timer => {
            draft.record(Fact::PollDue { unit: id, poll });
        }
        Phase::Sleeping(_) if timer == 0 => {
            let outputs = serde_json::Map::new();
            draft.end_unit(id, End::Success { outputs });
        }
        _ => return Err(Refused::Stale),
    }
    Ok(())
}

/// The items that could not be reached are tried again.
fn round(draft: &mut Draft, id: UnitId) -> Result<(), Refused> {
    let (place, task) = draft.state.current().ok_or(Refused::Stale)?;
    if !task_timers(place, task).any(|timer| timer == EffectKey::Timer(id, ROUND)) {
        return Err(Refused::Stale);
    }
    let attempt = task.attempt + 1;
    draft.record(Fact::RoundStarted {
        task: place,
        attempt,
    });
    Ok(())
}

fn deadline(draft: &mut Draft, id: UnitId) -> Result<(), Refused> {
    let (place, task) = draft.state.current().ok_or(Refused::Stale)?;
    let expected = deadline_key(place, task);
    if expected != Some(EffectKey::Timer(id, DEADLINE)) {
        return Err(Refused::Stale);
    }
    if !expire::expire(draft, place) {
        stop::stop(draft, place, StopCause::Timeout);
    }
    Ok(())
}
