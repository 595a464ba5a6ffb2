//! The time of an approval is up, and the template says what comes of it.

use crate::base::value::Map;
use crate::engine::decide::stop;
use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, StopCause, TimeoutOutcome, UnitId, Work};
use crate::engine::state::Phase;

/// What stands where a person's word on a rejection would stand.
const NOBODY_IN_TIME: &str = "nobody approved in time";

/// Ends the approval that waits at `place` as its template chose; tells whether it chose anything
/// but to fail.
pub(super) fn expire(draft: &mut Draft, place: u32) -> bool {
    let Some((unit, outcome)) = waiting_approval(draft, place) else {
        return false;
    };
    match outcome {
        TimeoutOutcome::Fail => return false,
        TimeoutOutcome::Approve => {
            draft.record(Fact::ApprovalExpired { unit, outcome });
            let outputs = Map::new();
            draft.end_unit(unit, End::Success { outputs });
        }
        TimeoutOutcome::Reject => {
            draft.record(Fact::ApprovalExpired { unit, outcome });
            // A clean-up may ask too: what is being cancelled is not cancelled once more.
            if !draft.state.cancelled {
                draft.record(Fact::CancelRequested {
                    by: String::new(),
                    note: NOBODY_IN_TIME.to_owned(),
                });
            }
            stop::stop(draft, place, StopCause::Cancelled);
        }
    }
    true
}

fn waiting_approval(draft: &Draft, place: u32) -> Option<(UnitId, TimeoutOutcome)> {
    let unit = draft.state.tasks[place as usize].units.get(&None)?;
    let id = UnitId {
        task: place,
        item: None,
        attempt: unit.attempt,
    };
    match (&unit.phase, &*unit.work) {
        (Phase::Approving(_), Work::Approval { on_timeout, .. }) => Some((id, *on_timeout)),
        _ => None,
    }
}
