//! The steps of a loop. Each costs O(log n) in the number of items, but for the last one.

use std::sync::Arc;
use std::time::Duration;

use crate::base::time::Timestamp;
use crate::engine::draft::Draft;
use crate::engine::event::{Batches, End, Fact, Failure, OnUnreachable, StopCause};
use crate::engine::flow::unit;
use crate::engine::output::aggregate;
use crate::engine::state::{Item, LoopState, Overrun, TaskState};
use crate::engine::status::LoopMode;

/// Takes one step of the loop at `place`; tells whether there was one to take.
pub(super) fn step(draft: &mut Draft, place: u32) -> bool {
    let task = &draft.state.tasks[place as usize];
    let Some(looping) = &task.looping else {
        return false;
    };
    let halted = task.stopping.is_some() || looping.overrun(task.lost).is_some();
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
        None if !halted && looping.resumes.is_some() => false,
        None if !halted && !looping.deferred.is_empty() => {
            plan_round(draft, place);
            true
        }
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

/// Waits before items that could not be reached are tried again.
fn plan_round(draft: &mut Draft, place: u32) {
    let Some(looping) = &draft.state.tasks[place as usize].looping else {
        return;
    };
    let pause = match looping.plan.unreachable {
        OnUnreachable::Defer { pause, .. } => Duration::from_secs(pause.into()),
        OnUnreachable::Fail | OnUnreachable::Skip => Duration::ZERO,
    };
    let (round, items) = (looping.round + 1, looping.deferred.len());
    let until = draft.now.checked_add(pause).unwrap_or(Timestamp::MAX);
    draft.record(Fact::RoundPlanned {
        task: place,
        round,
        items: u32::try_from(items).unwrap_or(u32::MAX),
        until,
    });
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
        .any(|item| matches!(item, Item::Pending | Item::Active | Item::Deferred));
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
            Some(End::failed(Failure::new("Timeout", message)))
        }
        _ => looping.overrun(task.lost).map(|overrun| {
            let Overrun { first, message } = overrun;
            let failure = match first {
                Some(first) => Failure::new(&first.code, format!("{} ({message})", first.message)),
                None => Failure::new("LoopFailed", message),
            };
            End::failed(failure)
        }),
    }
}

fn is_done(item: &Item) -> bool {
    matches!(item, Item::Success(_) | Item::Skipped | Item::Unreached)
}
