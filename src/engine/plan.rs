//! From the `Loop` of a task to its plan: items, tolerance, batches (language reference 2.8).

use std::time::Duration;

use crate::base::value::{Map, Value, kind};
use crate::engine::builtin::LoopSource;
use crate::engine::event::{Batches, Failure, LoopPlan, OnUnreachable};
use crate::engine::render::{evaluate, evaluation, is_loop_action};
use crate::engine::scope::StateScope;
use crate::engine::status::{LoopMode, Mode};
use crate::template::expr::Expression;
use crate::template::model::Task;
use crate::template::number::Amount;
use crate::template::rate::{BatchPause, Concurrency, RateControl, Style, Unreachable};

/// How many items of a batch run at once, when the loop does not say.
const BATCH_WINDOW: u32 = 20;

/// How many times items that cannot be reached are tried again, when the loop does not say.
const DEFER_ROUNDS: u32 = 3;

/// How long is waited before they are, when the loop does not say: a host that starts anew is back
/// after the three rounds.
const DEFER_PAUSE: Duration = Duration::from_secs(30);

/// Tells whether the task repeats its action.
pub(super) fn is_loop(task: &Task) -> bool {
    task.looping.is_some() || is_loop_action(task)
}

/// Makes the plan of a task that loops.
pub(super) fn plan(task: &Task, scope: &StateScope) -> Result<LoopPlan, Failure> {
    let (items, control) = match &task.looping {
        Some(looping) => {
            let items = evaluate(task, "Loop.Items", &looping.items, scope)?;
            (items, declared_control(task, scope)?)
        }
        None => action_source(task, scope)?,
    };
    let items = list(items);
    let count = u32::try_from(items.len())
        .map_err(|_| evaluation(task, "`Loop.Items` holds too many items"))?;
    let started = scope.state.started.as_ref();
    // A person who debugs looks at one item after another.
    let batches = if started.is_some_and(|started| started.mode == Mode::Debug) {
        Batches::Concurrency { window: 1 }
    } else {
        let override_pause = started.map(|started| started.loop_mode).unwrap_or_default();
        batches(count, &control, override_pause)
    };
    let max_errors = control.max_errors.map_or(0, |amount| amount.down(count));
    let by_class = control.budgets.iter();
    Ok(LoopPlan {
        budgets: by_class
            .map(|(class, amount)| (*class, amount.down(count)))
            .collect(),
        batch_errors: batch_errors(count, &batches, control.batch_errors.as_deref()),
        unreachable: unreachable(&control),
        ..LoopPlan::new(items, max_errors, batches)
    })
}

/// Returns how many items of each batch may fail.
fn batch_errors(count: u32, batches: &Batches, limits: Option<&[Amount]>) -> Vec<u32> {
    let Some(limits) = limits else {
        return Vec::new();
    };
    let sizes = match batches {
        Batches::Concurrency { .. } => std::slice::from_ref(&count),
        Batches::Batch { sizes, .. } => sizes,
    };
    let limits = repeat_last(limits, sizes.len());
    let pairs = limits.iter().zip(sizes);
    pairs.map(|(limit, size)| limit.down(*size)).collect()
}

fn unreachable(control: &RateControl) -> OnUnreachable {
    match control.unreachable {
        None | Some(Unreachable::Fail) => OnUnreachable::Fail,
        Some(Unreachable::Skip) => OnUnreachable::Skip,
        Some(Unreachable::Defer) => {
            let pause = control.defer_pause.unwrap_or(DEFER_PAUSE).as_secs();
            OnUnreachable::Defer {
                rounds: control.defer_rounds.unwrap_or(DEFER_ROUNDS),
                pause: u32::try_from(pause).unwrap_or(u32::MAX),
            }
        }
    }
}

/// Evaluates what an `ACS::Loop` loops over, and how.
fn action_source(task: &Task, scope: &StateScope) -> Result<(Value, RateControl), Failure> {
    let source = LoopSource::of(task);
    let items = source
        .items
        .ok_or_else(|| evaluation(task, "property `LoopItems` is required"))?;
    let items = evaluate(task, "Properties.LoopItems", &items, scope)?;
    let path = "Properties.LoopRateControl";
    let control = rate_control(task, path, source.rate_control.as_ref(), scope)?;
    Ok((items, control))
}

/// Reads the items: `null` is none, JSON text of a list is the list, a scalar is a list of one.
fn list(items: Value) -> Vec<Value> {
    match items {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(Value::Array(items)) => items,
            _ => vec![Value::String(text)],
        },
        other => vec![other],
    }
}

/// Reads `RateControl`, or the keys of 2019 directly under `Loop`.
fn declared_control(task: &Task, scope: &StateScope) -> Result<RateControl, Failure> {
    let Some(looping) = &task.looping else {
        return Ok(RateControl::default());
    };
    let control = looping.rate_control.as_ref();
    if control.is_some() {
        return rate_control(task, "Loop.RateControl", control, scope);
    }
    let written = [
        ("Mode", &looping.mode),
        ("Concurrency", &looping.concurrency),
        ("MaxErrors", &looping.max_errors),
        ("BatchPauseOption", &looping.batch_pause_option),
    ];
    let mut settings = Map::new();
    for (name, expression) in written {
        if let Some(expression) = expression {
            let value = evaluate(task, &format!("Loop.{name}"), expression, scope)?;
            settings.insert(name.to_owned(), value);
        }
    }
    read(task, &settings)
}

fn rate_control(
    task: &Task,
    path: &str,
    expression: Option<&Expression>,
    scope: &StateScope,
) -> Result<RateControl, Failure> {
    let Some(expression) = expression else {
        return Ok(RateControl::default());
    };
    let map = match evaluate(task, path, expression, scope)? {
        Value::Null => Map::new(),
        Value::Object(map) => map,
        Value::String(text) => serde_json::from_str(&text)
            .map_err(|_| evaluation(task, &format!("`{path}` must be a map, not `{text}`")))?,
        other => {
            let reason = format!("`{path}` must be a map, not {}", kind(&other));
            return Err(evaluation(task, &reason));
        }
    };
    read(task, &map)
}

fn read(task: &Task, settings: &Map) -> Result<RateControl, Failure> {
    RateControl::read(settings).map_err(|problem| evaluation(task, &problem.message))
}

fn batches(count: u32, control: &RateControl, override_pause: LoopMode) -> Batches {
    let (window, listed) = match &control.concurrency {
        None => (None, None),
        Some(Concurrency::Window(window)) => (Some(*window), None),
        // `Concurrency` given as a list has always meant batches.
        Some(Concurrency::Batches(sizes)) => (None, Some(sizes)),
    };
    let batch = control.batch.as_ref().or(listed);
    let is_batch = match control.style {
        Some(Style::Batch) => true,
        Some(Style::Concurrency) => listed.is_some(),
        None => batch.is_some(),
    };
    if !is_batch {
        let window = window.map_or(1, |window| window.up(count));
        return Batches::Concurrency {
            window: window.max(1),
        };
    }
    let sizes = sizes(count, batch.map(Vec::as_slice));
    let windows = match &control.windows {
        None => vec![BATCH_WINDOW],
        Some(windows) => windows
            .iter()
            .map(|window| window.up(count).max(1))
            .collect(),
    };
    let pause = match (override_pause, control.pause) {
        (LoopMode::Automatic, None | Some(BatchPause::Automatic)) => LoopMode::Automatic,
        (LoopMode::Automatic, Some(BatchPause::FirstBatch)) => LoopMode::FirstBatchPause,
        (LoopMode::Automatic, Some(BatchPause::EveryBatch)) => LoopMode::EveryBatchPause,
        (pause, _) => pause,
    };
    Batches::Batch {
        windows: repeat_last(&windows, sizes.len()),
        sizes,
        pause,
    }
}

/// Cuts `count` items into batches; the last size given repeats until all items are in one.
fn sizes(count: u32, batch: Option<&[Amount]>) -> Vec<u32> {
    let given: Vec<u32> = match batch {
        None => vec![count],
        Some(given) => given.iter().map(|size| size.up(count)).collect(),
    };
    let mut sizes = Vec::new();
    let mut rest = count;
    let mut given = given.into_iter();
    let mut size = 1;
    while rest > 0 {
        size = given.next().map_or(size, |size| size.max(1));
        sizes.push(size.min(rest));
        rest -= size.min(rest);
    }
    sizes
}

/// Makes `length` values of those given: the last one repeats.
fn repeat_last<T: Copy>(values: &[T], length: usize) -> Vec<T> {
    let repeated = values.last().copied().into_iter().cycle();
    values
        .iter()
        .copied()
        .chain(repeated)
        .take(length)
        .collect()
}
