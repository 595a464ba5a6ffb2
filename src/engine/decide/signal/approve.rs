//! Approve and Reject: approvals, pauses, high-risk calls and batches.

use std::sync::Arc;

use crate::base::value::Map;
use crate::engine::decide::signal::cancel;
use crate::engine::decide::signal::target::{expect_task, not_now, record};
use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, Signal, UnitId, Work};
use crate::engine::input::Refused;
use crate::engine::state::{Phase, Unit};

pub(super) fn approve(
    draft: &mut Draft,
    signal: &Signal,
    task: Option<&str>,
) -> Result<(), Refused> {
    let place = waiting_task(draft, task)?;
    let waiting = waiting_units(draft, place);
    for (_, unit) in &waiting {
        may_decide(unit, &signal.by)?;
        if matches!(&unit.phase, Phase::Approving(people) if people.contains(&signal.by)) {
            return Err(not_now(format!(
                "`{}` has approved already: somebody else must approve too",
                signal.by
            )));
        }
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
    let place = waiting_task(draft, task)?;
    for (_, unit) in waiting_units(draft, place) {
        may_decide(&unit, &signal.by)?;
    }
    cancel::cancel(draft, signal);
    Ok(())
}

fn approve_unit(draft: &mut Draft, id: UnitId, unit: &Unit, signal: &Signal) {
    if unit.phase == Phase::Unconfirmed {
        return draft.record(Fact::UnitConfirmed { unit: id });
    }
    draft.record(Fact::Approved {
        unit: id,
        by: signal.by.clone(),
        note: signal.note.clone(),
        plan: signal.plan.clone(),
    });
    let enough = match (&unit.phase, &*Arc::clone(&unit.work)) {
        (Phase::Approving(people), Work::Approval { required, .. }) => {
            people.len() + 1 >= *required as usize
        }
        _ => true,
    };
    if enough {
        let outputs = Map::new();
        draft.end_unit(id, End::Success { outputs });
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

fn may_decide(unit: &Unit, by: &str) -> Result<(), Refused> {
    match &*unit.work {
        Work::Approval { approvers, .. }
            if !approvers.is_empty() && !approvers.iter().any(|approver| approver == by) =>
        {
            Err(not_now(format!(
                "`{by}` is not one of the approvers: {}",
                approvers.join(", ")
            )))
        }
        _ => Ok(()),
    }
}
