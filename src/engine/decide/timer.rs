//! A timer's moment came.

use crate::engine::decide::{expire, stop};
use crate::engine::draft::Draft;
use crate::engine::effect::{DEADLINE, EffectKey};
use crate::engine::event::{End, Fact, StopCause, UnitId};
use crate::engine::input::Refused;
use crate::engine::state::{Phase, deadline_key};

pub(super) fn decide(draft: &mut Draft, id: UnitId, timer: u32) -> Result<(), Refused> {
    if timer == DEADLINE {
        return deadline(draft, id);
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
