//! Facts about loop items that could not be reached and are tried again.

use crate::base::time::Timestamp;
use crate::engine::apply::place::task_mut;
use crate::engine::apply::verdict::Verdict;
use crate::engine::state::{LoopState, State, TaskState, task_timers};

pub(super) fn planned(state: &mut State, place: u32, until: Timestamp) -> Verdict {
    let task = task_mut(state, place)?;
    if !task.units.is_empty() {
        return Err("other items are still at work".into());
    }
    let looping = loop_of(task)?;
    if looping.resumes.is_some() || looping.deferred.is_empty() {
        return Err("no item is to be tried again".into());
    }
    looping.resumes = Some(until);
    let timers: Vec<_> = task_timers(place, task).collect();
    state.fresh.extend(timers);
    Ok(())
}

pub(super) fn started(state: &mut State, place: u32, attempt: u32) -> Verdict {
    let task = task_mut(state, place)?;
    if attempt != task.attempt + 1 {
        return Err(format!("attempt {attempt} follows on {}", task.attempt));
    }
    let looping = loop_of(task)?;
    if looping.resumes.is_none() {
        return Err("no item is to be tried again".into());
    }
    looping.begin_round();
    task.attempt = attempt;
    // The timer of the task's deadline is that of the attempt.
    let timers: Vec<_> = task_timers(place, task).collect();
    state.fresh.extend(timers);
    Ok(())
}

fn loop_of(task: &mut TaskState) -> Result<&mut LoopState, String> {
    let looping = task.looping.as_mut();
    looping.ok_or_else(|| "the task does not loop".into())
}
