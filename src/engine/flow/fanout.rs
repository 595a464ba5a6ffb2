//! The steps of a loop. Each costs O(log n) in the number of items, but for the last one.

use std::sync::Arc;

use crate::base::value::Map;
use crate::engine::draft::Draft;
use crate::engine::event::{Batches, End, Fact, Failure, StopCause};
use crate::engine::flow::unit;
use crate::engine::output::aggregate;
use crate::engine::state::{Item, LoopState, TaskState};
use crate::engine::status::LoopMode;

/// Takes one step of the loop at `place`; tells whether there was one to take.
pub(super) fn step(draft: &mut Draft, place: u32) -> bool {
    let task = &draft.state.tasks[place as usize];
    let Some(looping) = &task.looping else {
        return false;
    };
    let halted = looping.is_over_limit() || task.stopping.is_some();
    let idle = task.units.is_empty();
    if !halted && looping.paused {
        return false;
    }
    let next = looping.next_item().filter(|_| !halted);
    match next {
        Some(item) if task.units.len() < looping.window() as usize => {
            unit::start(draft, place, Some(item));
            true
        }
        Some(_) => false,
        None if !idle => false,
        None if !halted && looping.has_next_batch() => {
            end_batch(draft, place);
            true
        }
        None => {
            end(draft, place);
            true
        }
    }
}

fn end_batch(draft: &mut Draft, place: u32) {
    let Some(looping) = &draft.state.tasks[place as usize].looping else {
        return;
    };
    let batch = looping.batch + 1;
    let pause = match &looping.plan.batches {
        Batches::Concurrency { .. } => false,
        Batches::Batch { pause, .. } => match pause {
            LoopMode::Automatic => false,
            LoopMode::FirstBatchPause => batch == 1,
            LoopMode::EveryBatchPause => true,
        },
    };
    draft.record(Fact::BatchEnded {
        task: place,
        batch,
        pause,
    });
}

fn end(draft: &mut Draft, place: u32) {
    let template = Arc::clone(&draft.state.template);
    let task = &draft.state.tasks[place as usize];
    let Some(looping) = &task.looping else {
        return;
    };
    let end = match failure(task, looping) {
        Some(end) => end,
        None => End::Success {
            outputs: aggregate(&template.tasks[place as usize], looping),
        },
    };
    draft.record(Fact::TaskEnded {
        task: place,
        end,
        target: None,
    });
}

fn failure(task: &TaskState, looping: &LoopState) -> Option<End> {
    let is_complete = !looping
        .items
        .iter()
        .any(|item| matches!(item, Item::Pending | Item::Active));
    match task.stopping {
        Some(StopCause::Cancelled) if !is_complete || looping.failed > 0 => {
            let report = format!(
                "{} of {} items ended before the task was cancelled",
                looping.items.iter().filter(|item| is_done(item)).count(),
                looping.count()
            );
            Some(End::Cancelled { report })
        }
        Some(StopCause::Timeout) if !is_complete || looping.failed > 0 => {
            let message = "the task's time is up".to_owned();
            Some(failed(Failure::new("Timeout", message)))
        }
        _ if looping.is_over_limit() => {
            let first = looping.first_failure.as_deref();
            let (code, message) = first.map_or(("LoopFailed", ""), |failure| {
                (failure.code.as_str(), failure.message.as_str())
            });
            let message = format!(
                "{message} ({} of {} items failed, {} may)",
                looping.failed,
                looping.count(),
                looping.plan.max_errors
            );
            Some(failed(Failure::new(code, message)))
        }
        _ => None,
    }
}

fn is_done(item: &Item) -> bool {
    matches!(item, Item::Success(_) | Item::Skipped)
}

fn failed(failure: Failure) -> End {
    End::Failed {
        failure,
        outputs: Map::new(),
    }
}
