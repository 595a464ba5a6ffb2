//! Facts about units.

use std::sync::Arc;

use crate::engine::apply::place::task_mut;
use crate::engine::apply::verdict::Verdict;
use crate::engine::effect::EffectKey;
use crate::engine::event::{End, Fact, UnitId, Work};
use crate::engine::output::collected;
use crate::engine::state::{GivenApproval, Item, LoopState, Phase, State, TaskState, Unit};
use crate::template::model::Jump;

/// Applies a fact about the unit `id` of the task at work.
pub(super) fn changed(state: &mut State, id: UnitId, fact: &Fact) -> Verdict {
    let demanded: Vec<EffectKey> = demands(state, id);
    match fact {
        Fact::UnitStarted {
            work,
            confirm,
            approval,
            lock,
            ..
        } => {
            let terms = (*confirm, approval.clone(), lock.clone());
            let unit = Unit::new(id.attempt, work.clone(), terms);
            begin(state, id, unit)?;
        }
        Fact::UnitSkipped { .. } => end(state, id, &End::SKIPPED)?,
        Fact::UnitEnded { end: how, .. } => end(state, id, how)?,
        fact => advance(state, id, fact)?,
    }
    let fresh = demands(state, id)
        .into_iter()
        .filter(|key| !demanded.contains(key));
    state.fresh.extend(fresh);
    Ok(())
}

fn demands(state: &State, id: UnitId) -> Vec<EffectKey> {
    let stopping = state
        .current()
        .is_some_and(|(_, task)| task.stopping.is_some());
    state
        .unit(id)
        .map(|unit| unit.demands(id, stopping).collect())
        .unwrap_or_default()
}

fn begin(state: &mut State, id: UnitId, unit: Unit) -> Verdict {
    let work = Arc::clone(&unit.work);
    let task = task_mut(state, id.task)?;
    claim(task, id)?;
    if let Some(place) = id.item {
        let looping = loop_mut(task)?;
        looping.items.set(place as usize, Item::Active);
    }
    match &*work {
        Work::Choice { target } => task.target = Some(target.clone()),
        // What comes behind the trigger is for those that it fires.
        Work::Watch { .. } => task.target = Some(Jump::End),
        _ => {}
    }
    insert(task, id.item, unit);
    if matches!(*work, Work::Child { .. }) {
        state.children += 1;
    }
    Ok(())
}

fn advance(state: &mut State, id: UnitId, fact: &Fact) -> Verdict {
    let mut unit = state.unit(id).ok_or("the unit is not at work")?.clone();
    unit.phase = match (&unit.phase, fact) {
        (Phase::Unconfirmed, Fact::UnitConfirmed { .. }) => unit.ready_phase(),
        (Phase::Locking, Fact::LockGranted { .. }) => Unit::first_phase(&unit.work),
        (
            Phase::Calling(number),
            Fact::PollMissed {
                poll, next, fault, ..
            },
        ) if number == poll => {
            unit.faults = fault.as_ref().map_or(0, |_| unit.faults + 1);
            Phase::Pausing(poll + 1, *next)
        }
        (Phase::Pausing(number, _), Fact::PollDue { poll, .. }) if number == poll => {
            Phase::Calling(*poll)
        }
        (Phase::Calling(_), Fact::NoticeSent { .. }) => Phase::Approving(Vec::new()),
        (Phase::Approving(given), Fact::Approved { by, plan, .. })
            if !given.iter().any(|given| state.counts(given, by)) =>
        {
            let mut given = given.clone();
            given.push(GivenApproval {
                by: by.clone(),
                plan: plan.clone(),
            });
            Phase::Approving(given)
        }
        (Phase::Approving(_), Fact::UnitConfirmed { .. }) if unit.approval.is_some() => {
            // Given once for all items of the task.
            task_mut(state, id.task)?.approval = None;
            unit.approval = None;
            unit.ready_phase()
        }
        (phase @ Phase::Approving(_), Fact::ApprovalExpired { .. })
        | (
            phase @ Phase::Watching { .. },
            Fact::TimesPassed { .. } | Fact::TriggerRenewed { .. },
        ) => phase.clone(),
        (Phase::Paused, Fact::Approved { .. }) => Phase::Instant,
        (Phase::Calling(_), Fact::UnitLost { reason, .. }) => Phase::Lost(reason.clone()),
        (Phase::Watching { paused: false }, Fact::TriggerPaused { .. }) => {
            Phase::Watching { paused: true }
        }
        (Phase::Watching { paused: true }, Fact::TriggerResumed { .. }) => {
            Phase::Watching { paused: false }
        }
        (Phase::Child { .. }, Fact::ChildChanged { waiting, .. }) => {
            Phase::Child { waiting: *waiting }
        }
        (phase, _) => return Err(format!("the unit is at {phase:?}")),
    };
    let task = task_mut(state, id.task)?;
    remove(task, id.item);
    insert(task, id.item, unit);
    Ok(())
}

fn end(state: &mut State, id: UnitId, end: &End) -> Verdict {
    let template = Arc::clone(&state.template);
    let fields = collected(&template.tasks[id.task as usize]);
    if matches!(end, End::Success { .. })
        && let Some(unit) = state.unit(id)
        && matches!(*unit.work, Work::Approval { .. })
    {
        let terms = unit.terms();
        state.approved = match (state.approved.take(), terms) {
            (Some(before), Some(now)) => Some(before.stricter(now)),
            (before, now) => now.or(before),
        };
    }
    let task = task_mut(state, id.task)?;
    if task
        .units
        .get(&id.item)
        .is_some_and(|unit| unit.attempt == id.attempt)
    {
        remove(task, id.item);
    } else {
        // What could not be rendered ends without having begun.
        claim(task, id)?;
    }
    let Some(place) = id.item else {
        if matches!(end, End::Deferred { .. }) {
            return Err("only an item of a loop is tried again".into());
        }
        task.result = Some(Arc::new(end.clone()));
        return Ok(());
    };
    loop_mut(task)?.end_item(place, end, &fields);
    Ok(())
}

/// Takes the unit's turn: it is the current attempt and has not begun.
fn claim(task: &mut TaskState, id: UnitId) -> Verdict {
    if id.attempt != task.attempt || task.stopping.is_some() {
        return Err("the task starts nothing any more".into());
    }
    match (id.item, &mut task.looping) {
        (None, None) if task.units.is_empty() && task.result.is_none() => Ok(()),
        (Some(item), Some(looping)) if looping.next_item() == Some(item) => {
            if looping.again.remove(&item).is_none() {
                looping.next += 1;
            }
            Ok(())
        }
        (item, _) => Err(format!("it is not the turn of item {item:?}")),
    }
}

fn loop_mut(task: &mut TaskState) -> Result<&mut LoopState, String> {
    task.looping
        .as_mut()
        .ok_or_else(|| "the task does not loop".into())
}

fn insert(task: &mut TaskState, item: Option<u32>, unit: Unit) {
    task.waiting += u32::from(unit.is_waiting());
    task.lost += u32::from(unit.is_lost());
    task.locking += u32::from(unit.is_locking());
    task.units.insert(item, unit);
}

fn remove(task: &mut TaskState, item: Option<u32>) {
    if let Some(unit) = task.units.remove(&item) {
        task.waiting -= u32::from(unit.is_waiting());
        task.lost -= u32::from(unit.is_lost());
        task.locking -= u32::from(unit.is_locking());
    }
}
