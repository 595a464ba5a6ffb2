//! Functions on lists.

use crate::base::value::Value;
use crate::template::expr::function::argument::{
    expected, integer, list, parsed, scalar_text, take,
};

pub(super) fn select(arguments: Vec<Value>) -> Result<Value, String> {
    let [key, container] = take(arguments);
    match parsed(container) {
        Value::Array(mut elements) => {
            let index = integer(&key, "index into a list")?;
            let at = position(index, elements.len());
            Ok(at
                .filter(|at| *at < elements.len())
                .map_or(Value::Null, |at| elements.swap_remove(at)))
        }
        Value::Object(mut entries) => {
            let key = scalar_text(&key, "key of a map")?;
            Ok(entries.remove(&key).unwrap_or(Value::Null))
        }
        Value::Null => Ok(Value::Null),
        other => Err(expected("a list or a map", "second argument", &other)),
    }
}

/// The place of `index`, which counts from the end if it is negative.
fn position(index: i64, length: usize) -> Option<usize> {
    let distance = usize::try_from(index.unsigned_abs()).ok()?;
    if index < 0 {
        length.checked_sub(distance)
    } else {
        Some(distance)
    }
}

pub(super) fn first(elements: Vec<Value>) -> Result<Value, String> {
    Ok(elements.into_iter().next().unwrap_or(Value::Null))
}

pub(super) fn last(elements: Vec<Value>) -> Result<Value, String> {
    Ok(elements.into_iter().next_back().unwrap_or(Value::Null))
}

pub(super) fn union(lists: Vec<Value>) -> Result<Value, String> {
    let mut seen = Distinct::default();
    let all = lists_of(lists)?.into_iter().flatten();
    Ok(all.filter(|element| seen.insert(element)).collect())
}

pub(super) fn intersection(lists: Vec<Value>) -> Result<Value, String> {
    let mut lists = lists_of(lists)?.into_iter();
    let first = lists.next().unwrap_or_default();
    let others: Vec<Distinct> = lists.map(|list| Distinct::of(&list)).collect();
    let mut seen = Distinct::default();
    Ok(first
        .into_iter()
        .filter(|element| others.iter().all(|other| other.contains(element)))
        .filter(|element| seen.insert(element))
        .collect())
}

pub(super) fn difference(lists: Vec<Value>) -> Result<Value, String> {
    let lists = lists_of(lists)?;
    let sets: Vec<Distinct> = lists.iter().map(|list| Distinct::of(list)).collect();
    let mut seen = Distinct::default();
    Ok(lists
        .into_iter()
        .flatten()
        .filter(|element| !sets.iter().all(|set| set.contains(element)))
        .filter(|element| seen.insert(element))
        .collect())
}

pub(super) fn join(elements: Vec<Value>) -> Result<Value, String> {
    Ok(Value::Array(elements))
}

pub(super) fn merge(elements: Vec<Value>) -> Result<Value, String> {
    let mut merged = Vec::new();
    for element in elements {
        match element {
            Value::Array(inner) => {
                merged.extend(inner.into_iter().filter(|value| !value.is_null()));
            }
            Value::Null => {}
            scalar => merged.push(scalar),
        }
    }
    Ok(Value::Array(merged))
}

pub(super) fn range_select(arguments: Vec<Value>) -> Result<Value, String> {
    let [start, end, elements] = take(arguments);
    let elements = list(elements, "third argument")?;
    let length = elements.len();
    let bound = |value: &Value, absent: usize, what: &str| match value {
        Value::Null => Ok(absent),
        value => integer(value, what).map(|index| position(index, length).unwrap_or(0).min(length)),
    };
    let start = bound(&start, 0, "start")?;
    let end = bound(&end, length, "end")?;
    Ok(elements.into_iter().take(end).skip(start).collect())
}

fn lists_of(arguments: Vec<Value>) -> Result<Vec<Vec<Value>>, String> {
    arguments
        .into_iter()
        .map(|argument| list(argument, "arguments"))
        .collect()
}

/// A set of JSON values.
#[derive(Default)]
struct Distinct(std::collections::HashSet<String>);

impl Distinct {
    fn of(elements: &[Value]) -> Self {
        Self(elements.iter().map(ToString::to_string).collect())
    }

    fn insert(&mut self, element: &Value) -> bool {
        self.0.insert(element.to_string())
    }

    fn contains(&self, element: &Value) -> bool {
        self.0.contains(&element.to_string())
    }
}
