//! Facts about the batches of a loop.

use crate::engine::apply::place::task_mut;
use crate::engine::apply::verdict::Verdict;
use crate::engine::state::{LoopState, State};

pub(super) fn ended(state: &mut State, place: u32, batch: u32, pause: bool) -> Verdict {
    let task = task_mut(state, place)?;
    if !task.units.is_empty() {
        return Err("items of the batch are still at work".into());
    }
    let looping = loop_of(&mut task.looping)?;
    if looping.paused || looping.batch + 1 != batch || !looping.has_next_batch() {
        return Err(format!("batch {batch} cannot end after {}", looping.batch));
    }
    looping.begin_batch();
    looping.paused = pause;
    Ok(())
}

pub(super) fn released(state: &mut State, place: u32) -> Verdict {
    let task = task_mut(state, place)?;
    let looping = loop_of(&mut task.looping)?;
    if !looping.paused {
        return Err("no batch waits".into());
    }
    looping.paused = false;
    Ok(())
}

fn loop_of(looping: &mut Option<LoopState>) -> Result<&mut LoopState, String> {
    looping
        .as_mut()
        .ok_or_else(|| "the task does not loop".into())
}
