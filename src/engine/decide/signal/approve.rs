//! Approve and Reject: approvals, pauses, high-risk calls and batches.

use crate::base::value::Map;
use crate::engine::decide::signal::cancel;
use crate::engine::decide::signal::four_eyes::{
    expect_plan, is_somebody_else, may_approve, may_decide,
};
use crate::engine::decide::signal::target::{expect_task, not_now, record};
use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, Hold, Signal, UnitId, Work};
use crate::engine::flow;
use crate::engine::input::Refused;
use crate::engine::state::{Phase, Unit};
use crate::engine::status::WaitReason;

pub(super) fn approve(
    draft: &mut Draft,
    signal: &Signal,
    task: Option<&str>,
) -> Result<(), Refused> {
    if draft.state.hold().is_some() {
        return override_hold(draft, signal);
    }
    let place = waiting_task(draft, task)?;
    expect_plan(draft, signal)?;
    let waiting = waiting_units(draft, place);
    for (_, unit) in &waiting {
        may_approve(draft, unit, signal)?;
    }
    record(draft, signal);
    if draft.state.tasks[place as usize].is_between_batches() {
        draft.record(Fact::BatchReleased { task: place });
    }
    for (id, unit) in waiting {
        approve_unit(draft, id, &unit, signal);
    }
    Ok(())
}

pub(super) fn reject(
    draft: &mut Draft,
    signal: &Signal,
    task: Option<&str>,
) -> Result<(), Refused> {
    if draft.state.hold().is_some() {
        cancel::cancel(draft, signal);
        return Ok(());
    }
    let place = waiting_task(draft, task)?;
    for (_, unit) in waiting_units(draft, place) {
        may_decide(&unit, &signal.by)?;
    }
    cancel::cancel(draft, signal);
    Ok(())
}

/// Lets an execution begin although it is held.
fn override_hold(draft: &mut Draft, signal: &Signal) -> Result<(), Refused> {
    expect_plan(draft, signal)?;
    if let Some(Hold::Blackout { .. }) = draft.state.hold() {
        is_somebody_else(draft, &signal.by)?;
    }
    record(draft, signal);
    draft.record(Fact::ExecutionReleased {
        by: signal.by.clone(),
    });
    Ok(())
}

fn approve_unit(draft: &mut Draft, id: UnitId, unit: &Unit, signal: &Signal) {
    if unit.phase == Phase::Unconfirmed {
        return draft.record(confirmed(id, unit));
    }
    draft.record(Fact::Approved {
        unit: id,
        by: signal.by.clone(),
        note: signal.note.clone(),
        plan: draft.state.plan.clone(),
    });
    let is_waiting = |unit: &Unit| match unit.wait_reason(draft.state.plan.as_ref()) {
        Some(WaitReason::Approval {
            required, given, ..
        }) => given.len() < required as usize,
        _ => false,
    };
    if draft.state.unit(id).is_some_and(is_waiting) {
        return;
    }
    if unit.approval.is_some() {
        draft.record(confirmed(id, unit));
        flow::end_instant(draft, id, &unit.work);
    } else {
        let outputs = Map::new();
        draft.end_unit(id, End::Success { outputs });
    }
}

fn confirmed(id: UnitId, unit: &Unit) -> Fact {
    Fact::UnitConfirmed {
        unit: id,
        lock: unit.lock.is_some(),
    }
}

/// Returns the task at work, if it waits for a person.
fn waiting_task(draft: &Draft, name: Option<&str>) -> Result<u32, Refused> {
    let Some((place, task)) = draft.state.current() else {
        return Err(not_now(
            "nothing waits for an approval: a failed or paused task is answered with retry, skip \
             or complete",
        ));
    };
    expect_task(draft, name, place)?;
    if !task.is_between_batches() && waiting_units(draft, place).is_empty() {
        let child = task.units.values().find_map(|unit| match &*unit.work {
            Work::Child { id, .. } if unit.is_waiting() => Some(id),
            _ => None,
        });
        return Err(not_now(match child {
            Some(id) => format!("the child execution `{id}` waits, not this one: answer there"),
            None => "nothing waits for an approval".to_owned(),
        }));
    }
    Ok(place)
}

/// Returns the units that wait for a person's yes.
fn waiting_units(draft: &Draft, place: u32) -> Vec<(UnitId, Unit)> {
    let task = &draft.state.tasks[place as usize];
    if task.waiting == 0 {
        return Vec::new();
    }
    let asks = |unit: &Unit| {
        matches!(
            unit.phase,
            Phase::Unconfirmed | Phase::Approving(_) | Phase::Paused
        )
    };
    task.units
        .iter()
        .filter(|(_, unit)| asks(unit))
        .map(|(item, unit)| {
            let id = UnitId {
                task: place,
                item: *item,
                attempt: unit.attempt,
            };
            (id, unit.clone())
        })
        .collect()
}
