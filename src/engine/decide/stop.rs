//! Ending the task at work before it is done.

use crate::engine::decide::answered::stop_end;
use crate::engine::decide::draft::Draft;
use crate::engine::event::{Fact, StopCause, UnitId};
use crate::engine::state::Phase;

/// Ends what waits or sleeps at once; what is under way in the world is asked to end.
pub(super) fn stop(draft: &mut Draft, place: u32, cause: StopCause) {
    draft.record(Fact::TaskStopping { task: place, cause });
    let Some((_, task)) = draft.state.current() else {
        return;
    };
    let idle: Vec<(UnitId, String)> = task
        .units
        .iter()
        .filter(|(_, unit)| unit.is_interruptible())
        .map(|(item, unit)| {
            let id = UnitId {
                task: place,
                item: *item,
                attempt: unit.attempt,
            };
            let report = match &unit.phase {
                Phase::Lost(reason) => format!("outcome unknown: {reason}"),
                _ => String::new(),
            };
            (id, report)
        })
        .collect();
    for (id, report) in idle {
        draft.end_unit(id, stop_end(cause, &report));
    }
}
