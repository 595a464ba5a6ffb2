//! A call was answered.

use std::sync::Arc;

use crate::base::call::CallFault;
use crate::engine::decide::poll::{self, Answer};
use crate::engine::decide::stop::{stop_cause, stopped};
use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, StopCause, UnitId, Work};
use crate::engine::flow::success;
use crate::engine::input::Refused;
use crate::engine::state::{Phase, Unit};

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
