//! A task begins, or is passed over.

use std::sync::Arc;

use crate::base::digest::Digest;
use crate::base::duration::duration;
use crate::base::time::Timestamp;
use crate::base::value::{Map, text};
use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, Failure, LoopPlan, Replanned, Taken};
use crate::engine::flow::planned::as_planned;
use crate::engine::plan::{is_loop, plan};
use crate::engine::render::{evaluate, evaluation, is_wanted, names_item};
use crate::engine::scope::StateScope;
use crate::engine::state::{Control, State};
use crate::template::model::Task;

/// Properties that a person gives in place of the template's.
#[derive(Debug)]
pub(in crate::engine) struct Change {
    /// The properties.
    pub properties: Map,
    /// Who gives them.
    pub by: String,
}

/// Begins a task: its turn has come, or a person wants it to run (again).
pub(in crate::engine) fn begin(draft: &mut Draft, place: u32, change: Option<Change>) {
    let template = Arc::clone(&draft.state.template);
    let task = &template.tasks[place as usize];
    match render(draft, place, task) {
        Ok(Beginning::Skipped) => draft.record(Fact::TaskSkipped { task: place }),
        Ok(Beginning::Started { looping, deadline }) => {
            start(draft, place, (looping, change, deadline));
        }
        Err(failure) => {
            start(draft, place, (None, change, None));
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
    // An approval counts once: a run that repeats another one is approved anew.
    let is_fresh =
        !state.cancelled && state.tasks[place as usize].attempt == 0 && !state.is_approval(place);
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
    let is_first = state.tasks[place as usize].attempt == 0 && !state.is_approval(place);
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
    (looping, change, deadline): (Option<LoopPlan>, Option<Change>, Option<Timestamp>),
) {
    let attempt = draft.state.tasks[place as usize].attempt + 1;
    let replanned = change
        .as_ref()
        .and_then(|change| replanned(draft, (place, attempt), change));
    draft.record(Fact::TaskStarted {
        task: place,
        attempt,
        looping,
        overrides: change.map(|change| change.properties),
        deadline,
        replanned,
    });
}

/// Returns the plan after a change, if the run is bound to one: the plan before, the task and what
/// it runs with now. Values that may be secret stay out, as a digest must not be a way to guess
/// them; the attempt tells one change from the next.
fn replanned(draft: &Draft, (place, attempt): (u32, u32), change: &Change) -> Option<Replanned> {
    let before = draft.state.plan.as_ref()?;
    let started = draft.state.started.as_ref()?;
    let properties = started
        .secrets()
        .next()
        .is_none()
        .then_some(&change.properties);
    let name = draft.state.task_name(place)?;
    let text = serde_json::json!([before, name.as_str(), attempt, properties]).to_string();
    Some(Replanned {
        digest: Digest::of(text.as_bytes()),
        by: change.by.clone(),
        approval: draft.state.approved_terms(),
    })
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
        // Its items are those of the execution that it is taken from.
        Some(taken) => Some(taken.clone()),
        None => Some(as_planned(draft, place, plan(task, &scope)?)?),
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
