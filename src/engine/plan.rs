//! From the `Loop` of a task to its plan: items, tolerance, batches (language reference 2.8).

use std::sync::Arc;

use crate::base::name::Name;
use crate::base::value::{Map, Value, kind, text};
use crate::engine::builtin::{LoopSource, fraction_of};
use crate::engine::event::{Batches, Failure, LoopPlan};
use crate::engine::render::{evaluate, evaluation, is_loop_action};
use crate::engine::scope::{StateScope, find};
use crate::engine::status::{LoopMode, Mode};
use crate::template::expr::Expression;
use crate::template::model::Task;

/// How many items of a batch run at once, when the loop does not say.
const BATCH_WINDOW: u32 = 20;

/// The settings of a loop, evaluated, wherever they were written.
#[derive(Default)]
struct Control {
    mode: Option<Value>,
    concurrency: Option<Value>,
    max_errors: Option<Value>,
    batch: Option<Value>,
    windows: Option<Value>,
    pause: Option<Value>,
}

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
        batches(task, count, &control, override_pause)?
    };
    Ok(LoopPlan {
        items: Arc::new(items),
        max_errors: setting(task, "MaxErrors", count, control.max_errors.as_ref(), false)?
            .unwrap_or(0),
        batches,
        kept: Arc::default(),
    })
}

/// Evaluates what an `ACS::Loop` loops over, and how.
fn action_source(task: &Task, scope: &StateScope) -> Result<(Value, Control), Failure> {
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
fn declared_control(task: &Task, scope: &StateScope) -> Result<Control, Failure> {
    let Some(looping) = &task.looping else {
        return Ok(Control::default());
    };
    if looping.rate_control.is_some() {
        return rate_control(
            task,
            "Loop.RateControl",
            looping.rate_control.as_ref(),
            scope,
        );
    }
    let value = |name: &str, expression: &Option<Expression>| {
        expression
            .as_ref()
            .map(|expression| evaluate(task, &format!("Loop.{name}"), expression, scope))
            .transpose()
    };
    Ok(Control {
        mode: value("Mode", &looping.mode)?,
        concurrency: value("Concurrency", &looping.concurrency)?,
        max_errors: value("MaxErrors", &looping.max_errors)?,
        batch: None,
        windows: None,
        pause: value("BatchPauseOption", &looping.batch_pause_option)?,
    })
}

fn rate_control(
    task: &Task,
    path: &str,
    expression: Option<&Expression>,
    scope: &StateScope,
) -> Result<Control, Failure> {
    let Some(expression) = expression else {
        return Ok(Control::default());
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
    let part = |name: &str| {
        find(&map, &Name::from(name))
            .filter(|value| !value.is_null())
            .cloned()
    };
    Ok(Control {
        mode: part("Mode"),
        concurrency: part("Concurrency"),
        max_errors: part("MaxErrors"),
        batch: part("Batch"),
        windows: part("ConcurrencyInBatches"),
        pause: part("BatchPauseOption"),
    })
}

fn batches(
    task: &Task,
    count: u32,
    control: &Control,
    override_pause: LoopMode,
) -> Result<Batches, Failure> {
    let mode = word(control.mode.as_ref());
    // `Concurrency` given as a list has always meant batches.
    let listed = control
        .concurrency
        .as_ref()
        .filter(|value| value.is_array());
    let batch = control.batch.as_ref().or(listed);
    let is_batch = match mode.as_str() {
        "batch" => true,
        "concurrency" | "" => listed.is_some() || (mode.is_empty() && batch.is_some()),
        other => {
            let reason = format!("`Mode` of a loop is Concurrency or Batch, not `{other}`");
            return Err(evaluation(task, &reason));
        }
    };
    if !is_batch {
        let window = setting(
            task,
            "Concurrency",
            count,
            control.concurrency.as_ref(),
            true,
        )?;
        return Ok(Batches::Concurrency {
            window: window.unwrap_or(1).max(1),
        });
    }
    let sizes = sizes(task, count, batch)?;
    let windows = match &control.windows {
        None => vec![BATCH_WINDOW],
        Some(value) => entries(task, "ConcurrencyInBatches", count, value)?,
    };
    let windows = repeat_last(&windows, sizes.len());
    let pause = match override_pause {
        LoopMode::Automatic => pause(task, control.pause.as_ref())?,
        pause => pause,
    };
    Ok(Batches::Batch {
        sizes,
        windows,
        pause,
    })
}

/// Cuts `count` items into batches; the last size given repeats until all items are in one.
fn sizes(task: &Task, count: u32, batch: Option<&Value>) -> Result<Vec<u32>, Failure> {
    let given = match batch {
        None => vec![count.max(1)],
        Some(value) => entries(task, "Batch", count, value)?,
    };
    let mut sizes = Vec::new();
    let mut rest = count;
    let mut given = given.iter().copied();
    let mut size = 1;
    while rest > 0 {
        size = given.next().unwrap_or(size);
        sizes.push(size.min(rest));
        rest -= size.min(rest);
    }
    Ok(sizes)
}

fn repeat_last(values: &[u32], length: usize) -> Vec<u32> {
    let last = values.last().copied().unwrap_or(1);
    let repeated = std::iter::repeat(last);
    values
        .iter()
        .copied()
        .chain(repeated)
        .take(length)
        .collect()
}

/// Reads a list of counts and percentages, each at least 1; a single one is a list of one.
fn entries(task: &Task, name: &str, count: u32, value: &Value) -> Result<Vec<u32>, Failure> {
    let list = match value {
        Value::Array(list) => list.clone(),
        single => vec![single.clone()],
    };
    list.iter()
        .map(|entry| {
            let entry = setting(task, name, count, Some(entry), true)?;
            Ok(entry.unwrap_or(1).max(1))
        })
        .collect()
}

fn setting(
    task: &Task,
    name: &str,
    count: u32,
    value: Option<&Value>,
    round_up: bool,
) -> Result<Option<u32>, Failure> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let number = fraction_of(count, value, round_up).ok_or_else(|| {
        let reason = format!("`{name}` of a loop must be a number or a percentage, not `{value}`");
        evaluation(task, &reason)
    })?;
    Ok(Some(number))
}

fn pause(task: &Task, value: Option<&Value>) -> Result<LoopMode, Failure> {
    match word(value).as_str() {
        "" | "automatic" => Ok(LoopMode::Automatic),
        "firstbatchpause" => Ok(LoopMode::FirstBatchPause),
        "everybatchpause" => Ok(LoopMode::EveryBatchPause),
        other => Err(evaluation(
            task,
            &format!(
                "`BatchPauseOption` is Automatic, FirstBatchPause or EveryBatchPause, not `{other}`"
            ),
        )),
    }
}

/// Reads a word in any case, without the stray commas of some templates.
fn word(value: Option<&Value>) -> String {
    value
        .map(text)
        .unwrap_or_default()
        .trim_matches(|c: char| c == ',' || c.is_whitespace())
        .to_ascii_lowercase()
}
