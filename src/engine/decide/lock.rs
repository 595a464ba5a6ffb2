//! The lock of a unit was granted, or cannot be.

use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, Failure, UnitId};
use crate::engine::input::Refused;
use crate::engine::state::Phase;

pub(super) fn granted(draft: &mut Draft, id: UnitId) -> Result<(), Refused> {
    expect_waiting(draft, id)?;
    draft.record(Fact::LockGranted { unit: id });
    Ok(())
}

pub(super) fn refused(draft: &mut Draft, id: UnitId, reason: &str) -> Result<(), Refused> {
    expect_waiting(draft, id)?;
    draft.end_unit(id, End::failed(Failure::new("LockRefused", reason)));
    Ok(())
}

/// A unit that has its lock asks again when it is taken up, and hears again that it has it.
fn expect_waiting(draft: &Draft, id: UnitId) -> Result<(), Refused> {
    match draft.state.unit(id).map(|unit| &unit.phase) {
        Some(Phase::Locking) => Ok(()),
        _ => Err(Refused::Stale),
    }
}
