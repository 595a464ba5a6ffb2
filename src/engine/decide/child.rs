//! A child execution was refused, changed or ended.

use crate::base::value::{Map, Value};
use crate::engine::decide::stop::{stop_cause, stopped};
use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, Failure, UnitId};
use crate::engine::flow::success;
use crate::engine::input::Refused;
use crate::engine::state::Phase;
use crate::engine::status::ExecutionStatus;

pub(super) fn refused(draft: &mut Draft, id: UnitId, reason: &str) -> Result<(), Refused> {
    expect_child(draft, id)?;
    fail(draft, id, Failure::new("ChildRefused", reason));
    Ok(())
}

pub(super) fn changed(draft: &mut Draft, id: UnitId, waiting: bool) -> Result<(), Refused> {
    if expect_child(draft, id)? == waiting {
        return Err(Refused::Stale);
    }
    draft.record(Fact::ChildChanged { unit: id, waiting });
    Ok(())
}

pub(super) fn ended(
    draft: &mut Draft,
    id: UnitId,
    status: ExecutionStatus,
    outputs: &Map,
    message: &str,
) -> Result<(), Refused> {
    expect_child(draft, id)?;
    match status {
        ExecutionStatus::Success => {
            let end = success(draft, id, &Value::Object(outputs.clone()));
            draft.end_unit(id, end);
        }
        ExecutionStatus::Failed => {
            let (code, message) = message.split_once(": ").unwrap_or(("ChildFailed", message));
            fail(draft, id, Failure::new(code, message));
        }
        ExecutionStatus::Cancelled => {
            let cause = stop_cause(draft);
            stopped(draft, id, cause, message);
        }
        ExecutionStatus::Queued | ExecutionStatus::Running | ExecutionStatus::Waiting => {
            return Err(Refused::Stale);
        }
    }
    Ok(())
}

/// Returns whether the child waits; there must be one.
fn expect_child(draft: &Draft, id: UnitId) -> Result<bool, Refused> {
    match draft.state.unit(id).map(|unit| &unit.phase) {
        Some(Phase::Child { waiting }) => Ok(*waiting),
        _ => Err(Refused::Stale),
    }
}

fn fail(draft: &mut Draft, id: UnitId, failure: Failure) {
    let outputs = Map::new();
    draft.end_unit(id, End::Failed { failure, outputs });
}
