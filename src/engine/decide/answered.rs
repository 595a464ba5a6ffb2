//! A call was answered.

use std::sync::Arc;

use crate::base::call::CallFault;
use crate::base::value::Value;
use crate::engine::decide::draft::Draft;
use crate::engine::decide::poll;
use crate::engine::event::{End, Fact, Failure, StopCause, UnitId, Work};
use crate::engine::flow::success;
use crate::engine::input::Refused;
use crate::engine::state::{Phase, Unit};

/// A call's answer.
pub(super) type Answer = Result<Value, CallFault>;

pub(super) fn decide(
    draft: &mut Draft,
    id: UnitId,
    number: u32,
    answer: &Answer,
) -> Result<(), Refused> {
    let unit = draft.state.unit(id).ok_or(Refused::Stale)?.clone();
    if unit.phase != Phase::Calling(number) {
        return Err(Refused::Stale);
    }
    match (answer, stop_cause(draft)) {
        (Err(CallFault::Cancelled { report }), cause) => stopped(draft, id, cause, report),
        // Nobody will call again: what survived is named in the report.
        (Err(fault @ CallFault::Unknown { .. }), Some(cause)) => {
            stopped(draft, id, Some(cause), &fault.to_string());
        }
        (Err(CallFault::Unknown { reason }), None) => draft.record(Fact::UnitLost {
            unit: id,
            reason: reason.clone(),
        }),
        (answer, cause) => finish(draft, id, &unit, number, answer, cause),
    }
    Ok(())
}

fn finish(
    draft: &mut Draft,
    id: UnitId,
    unit: &Unit,
    number: u32,
    answer: &Answer,
    cause: Option<StopCause>,
) {
    match (&*Arc::clone(&unit.work), answer) {
        (Work::Poll { policy, .. }, answer) => {
            poll::answered(draft, id, unit, policy, number, answer);
        }
        (Work::Approval { .. }, Ok(_)) if cause.is_some() => stopped(draft, id, cause, ""),
        (Work::Approval { .. }, Ok(_)) => draft.record(Fact::NoticeSent { unit: id }),
        (_, Ok(document)) => {
            let end = success(draft, id, document);
            draft.end_unit(id, end);
        }
        (_, Err(fault)) => {
            let end = End::Failed {
                failure: fault.clone().into(),
                outputs: serde_json::Map::new(),
            };
            draft.end_unit(id, end);
        }
    }
}

/// Ends a unit that was being ended.
pub(super) fn stopped(draft: &mut Draft, id: UnitId, cause: Option<StopCause>, report: &str) {
    let end = stop_end(cause.unwrap_or(StopCause::Cancelled), report);
    draft.end_unit(id, end);
}

/// Returns how a unit ends that is being ended for `cause`.
pub(super) fn stop_end(cause: StopCause, report: &str) -> End {
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
