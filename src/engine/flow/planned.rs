//! The items of a loop are those of the plan that the run is bound to.

use std::collections::BTreeMap;

use crate::base::value::{Value, text};
use crate::engine::draft::Draft;
use crate::engine::event::{Failure, LoopPlan};

/// Items that a message names of each kind.
const NAMED: usize = 3;

/// Returns `plan` if its items are those that the run's plan lists for the loop at `place`, or if
/// it lists none.
pub(super) fn as_planned(draft: &Draft, place: u32, plan: LoopPlan) -> Result<LoopPlan, Failure> {
    let Some(listed) = draft.state.planned_loop(place) else {
        return Ok(plan);
    };
    if listed.items == plan.items {
        return Ok(plan);
    }
    let name = draft.state.task_name(place);
    let message = format!(
        "task `{}`: the items are not those of the plan: {}; plan and start it again",
        name.map(ToString::to_string).unwrap_or_default(),
        difference(&listed.items, &plan.items)
    );
    Err(Failure::new("PlanChanged", message))
}

/// Says in words which items are new and which are gone.
fn difference(listed: &[Value], found: &[Value]) -> String {
    let new = missing(found, listed);
    let gone = missing(listed, found);
    let parts = [("new: ", new), ("gone: ", gone)];
    let words: Vec<String> = parts
        .into_iter()
        .filter(|(_, items)| !items.is_empty())
        .map(|(word, items)| format!("{word}{}", named(&items)))
        .collect();
    if words.is_empty() {
        "they come in another order".to_owned()
    } else {
        words.join("; ")
    }
}

/// Returns those of `items` that `others` does not hold, as texts, each as often as it is too many.
fn missing(items: &[Value], others: &[Value]) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for other in others {
        *counts.entry(text(other)).or_default() += 1;
    }
    let is_missing = |item: &String| match counts.get_mut(item) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    items.iter().map(text).filter(is_missing).collect()
}

fn named(items: &[String]) -> String {
    let names = items.iter().take(NAMED).map(|item| format!("`{item}`"));
    let names = names.collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(NAMED) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}
