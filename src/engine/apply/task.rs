//! Facts about tasks that begin, are passed over or are being ended.

use std::sync::Arc;

use crate::engine::apply::place::{behind, task_mut};
use crate::engine::apply::verdict::Verdict;
use crate::engine::effect::EffectKey;
use crate::engine::event::{Fact, Replanned, StopCause, UnitId};
use crate::engine::output::collected;
use crate::engine::state::{Control, LoopState, State, TaskState, deadline_key};
use crate::engine::status::TaskStatus;

pub(super) fn skipped(state: &mut State, place: u32) -> Verdict {
    let task = task_mut(state, place)?;
    task.status = TaskStatus::Skipped;
    task.outputs = Arc::default();
    task.looping = None;
    forgive(state, place);
    state.control = behind(state, place);
    Ok(())
}

pub(super) fn started(state: &mut State, fact: &Fact) -> Verdict {
    let Fact::TaskStarted {
        task: place,
        attempt,
        looping,
        overrides,
        deadline,
        replanned,
    } = fact
    else {
        return Err("it is no start of a task".into());
    };
    let again = matches!(state.control, Control::At(_));
    let template = Arc::clone(&state.template);
    let task = task_mut(state, *place)?;
    if *attempt != task.attempt + 1 {
        return Err(format!("attempt {attempt} follows on {}", task.attempt));
    }
    if again && (task.lost == 0 || looping.is_some()) {
        return Err("the task is at work".into());
    }
    drop_lost_units(task);
    match (looping, &mut task.looping) {
        (Some(plan), looping) => {
            let fields = collected(&template.tasks[*place as usize]);
            *looping = Some(LoopState::new(plan.clone(), &fields));
        }
        (None, Some(looping)) if !again => looping.restart(),
        (None, _) => {}
    }
    task.attempt = *attempt;
    task.status = TaskStatus::Running;
    task.outputs = Arc::default();
    task.overrides = overrides.clone().map(Arc::new);
    task.approval = replanned.as_ref().and_then(|plan| plan.approval.clone());
    task.deadline = *deadline;
    task.stopping = None;
    task.result = None;
    task.target = None;
    let timer = deadline_key(*place, task);
    forgive(state, *place);
    if let Some(Replanned { digest, by, .. }) = replanned {
        state.plan = Some(digest.clone());
        state.editors.push_back(by.clone());
    }
    state.control = Control::At(*place);
    state.fresh.extend(timer);
    Ok(())
}

pub(super) fn stopping(state: &mut State, place: u32, cause: StopCause) -> Verdict {
    let task = task_mut(state, place)?;
    if task.stopping.is_some() {
        return Err("the task is being ended already".into());
    }
    task.stopping = Some(cause);
    let demands: Vec<EffectKey> = task
        .units
        .iter()
        .flat_map(|(item, unit)| {
            let id = UnitId {
                task: place,
                item: *item,
                attempt: unit.attempt,
            };
            unit.demands(id, true)
                .filter(|key| matches!(key, EffectKey::CancelCall(_) | EffectKey::CancelChild(_)))
        })
        .collect();
    state.fresh.extend(demands);
    Ok(())
}

/// Forgets units whose calls came to nobody knows what: a new attempt stands in for them.
fn drop_lost_units(task: &mut TaskState) {
    let lost: Vec<Option<u32>> = task
        .units
        .iter()
        .filter(|(_, unit)| unit.is_lost())
        .map(|(item, _)| *item)
        .collect();
    for item in lost {
        task.units.remove(&item);
        if let (Some(place), Some(looping)) = (item, &mut task.looping) {
            looping.run_again(place);
        }
    }
    task.lost = 0;
}

/// Takes back the failure of a task that gets another chance or is passed over.
fn forgive(state: &mut State, place: u32) {
    state.failures.retain(|(task, _)| *task != place);
}
