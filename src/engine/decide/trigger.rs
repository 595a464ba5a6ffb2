//! A trigger that waits to be fired: times pass it by, and it comes to its end.

use crate::base::value::Map;
use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, Passed, Renewal, UnitId};
use crate::engine::input::Refused;
use crate::engine::state::Phase;

/// Times of the trigger started nothing.
pub(super) fn passed(draft: &mut Draft, passed: &Passed) -> Result<(), Refused> {
    let (unit, _) = watching(draft).ok_or(Refused::Stale)?;
    draft.record(Fact::TimesPassed {
        unit,
        passed: passed.clone(),
    });
    Ok(())
}

/// The template of the trigger was changed.
pub(super) fn renewed(draft: &mut Draft, renewal: &Renewal) -> Result<(), Refused> {
    let (unit, _) = watching(draft).ok_or(Refused::Stale)?;
    draft.record(Fact::TriggerRenewed {
        unit,
        renewal: renewal.clone(),
    });
    Ok(())
}

/// The trigger has no more times: what it was started for is done.
pub(super) fn ended(draft: &mut Draft) -> Result<(), Refused> {
    let (unit, _) = watching(draft).ok_or(Refused::Stale)?;
    let outputs = Map::new();
    draft.end_unit(unit, End::Success { outputs });
    Ok(())
}

/// Returns the unit that waits to be fired, and whether it is paused.
pub(super) fn watching(draft: &Draft) -> Option<(UnitId, bool)> {
    let (place, task) = draft.state.current()?;
    let unit = task.units.get(&None)?;
    let Phase::Watching { paused } = unit.phase else {
        return None;
    };
    let id = UnitId {
        task: place,
        item: None,
        attempt: unit.attempt,
    };
    Some((id, paused))
}
