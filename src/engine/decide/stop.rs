//! Ending the task at work before it is done.

use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, Failure, StopCause, UnitId};
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

/// Ends a unit that was being ended.
pub(super) fn stopped(draft: &mut Draft, id: UnitId, cause: Option<StopCause>, report: &str) {
    let end = stop_end(cause.unwrap_or(StopCause::Cancelled), report);
    draft.end_unit(id, end);
}

/// Returns how a unit ends that is being ended for `cause`.
fn stop_end(cause: StopCause, report: &str) -> End {
    match cause {
        StopCause::Cancelled => End::Cancelled {
            report: report.to_owned(),
        },
        StopCause::Timeout => {
            let message = match report {
                "" => "the task's time is up".to_owned(),
                report => format!("the task's time is up; {report}"),
            };
            End::Failed {
                failure: Failure::new("Timeout", message),
                outputs: serde_json::Map::new(),
            }
        }
    }
}

/// Returns why the task at work is being ended.
pub(super) fn stop_cause(draft: &Draft) -> Option<StopCause> {
    draft.state.current()?.1.stopping
}
