//! A task begins, or is passed over.

use std::sync::Arc;

use crate::base::time::Timestamp;
use crate::base::value::{Map, text};
use crate::engine::builtin::duration;
use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, Failure, LoopPlan, Taken};
use crate::engine::plan::{is_loop, plan};
use crate::engine::render::{evaluate, evaluation, is_wanted, names_item};
use crate::engine::scope::StateScope;
use crate::engine::state::{Control, State};
use crate::template::model::Task;

/// Begins a task: its turn has come, or a person wants it to run (again).
pub(in crate::engine) fn begin(draft: &mut Draft, place: u32, overrides: Option<Map>) {
    let template = Arc::clone(&draft.state.template);
    let task = &template.tasks[place as usize];
    match render(draft, place, task) {
        Ok(Beginning::Skipped) => draft.record(Fact::TaskSkipped { task: place }),
        Ok(Beginning::Started { looping, deadline }) => {
            start(draft, place, (looping, overrides, deadline));
        }
        Err(failure) => {
            start(draft, place, (None, overrides, None));
            let outputs = Map::new();
            draft.record(Fact::TaskEnded {
                task: place,
                end: End::Failed { failure, outputs },
                target: None,
            });
        }
    }
}

/// Passes over a task that is taken over from the execution that is repeated; tells whether it is.
pub(super) fn take_over(draft: &mut Draft, place: u32) -> bool {
    let state = &draft.state;
    // What is done on cancelling is never what had been done before.
    let is_fresh = !state.cancelled && state.tasks[place as usize].attempt == 0;
    let found = taken(state).iter().find_map(|taken| match taken {
        Taken::Task { task, end, target } if *task == place => Some((end.clone(), target.clone())),
        Taken::Task { .. } | Taken::Loop { .. } => None,
    });
    let Some((end, target)) = found.filter(|_| is_fresh) else {
        return false;
    };
    draft.record(Fact::TaskTaken {
        task: place,
        end,
        target,
    });
    true
}

/// Returns the loop that the first attempt of a task takes over.
fn taken_loop(state: &State, place: u32) -> Option<&LoopPlan> {
    let is_first = state.tasks[place as usize].attempt == 0;
    taken(state)
        .iter()
        .filter(|_| is_first)
        .find_map(|taken| match taken {
            Taken::Loop { task, plan } if *task == place => Some(plan),
            Taken::Task { .. } | Taken::Loop { .. } => None,
        })
}

fn taken(state: &State) -> &[Taken] {
    let repeat = state
        .started
        .as_ref()
        .and_then(|started| started.repeats.as_ref());
    repeat.map_or(&[], |repeat| &repeat.taken)
}

enum Beginning {
    Skipped,
    Started {
        looping: Option<LoopPlan>,
        deadline: Option<Timestamp>,
    },
}

fn start(
    draft: &mut Draft,
    place: u32,
    (looping, overrides, deadline): (Option<LoopPlan>, Option<Map>, Option<Timestamp>),
) {
    let attempt = draft.state.tasks[place as usize].attempt + 1;
    draft.record(Fact::TaskStarted {
        task: place,
        attempt,
        looping,
        overrides,
        deadline,
        replanned: None,
    });
}

fn render(draft: &Draft, place: u32, task: &Task) -> Result<Beginning, Failure> {
    let scope = draft.scope(None);
    let again = matches!(draft.state.control, Control::At(_));
    // A condition on the loop item is asked for each item; a task at work was wanted.
    let per_item = is_loop(task) && task.when.as_ref().is_some_and(names_item);
    if !again && !per_item && !is_wanted(task, &scope)? {
        return Ok(Beginning::Skipped);
    }
    let goes_on = draft.state.tasks[place as usize].looping.is_some();
    let looping = match taken_loop(&draft.state, place) {
        _ if !is_loop(task) || goes_on => None,
        Some(taken) => Some(taken.clone()),
        None => Some(plan(task, &scope)?),
    };
    Ok(Beginning::Started {
        looping,
        deadline: deadline(task, &scope)?,
    })
}

fn deadline(task: &Task, scope: &StateScope) -> Result<Option<Timestamp>, Failure> {
    let Some(timeout) = &task.timeout else {
        return Ok(None);
    };
    let value = evaluate(task, "Timeout", timeout, scope)?;
    if value.is_null() {
        return Ok(None);
    }
    let length = duration(&text(&value)).ok_or_else(|| {
        let reason = format!("`Timeout` is a duration such as `PT30M`, not `{value}`");
        evaluation(task, &reason)
    })?;
    Ok(scope.now.checked_add(length).ok())
}
