//! Functions on maps.

use serde_json::json;

use crate::base::value::{Map, Value};
use crate::template::expr::function::argument::{list, map, scalar_text, take};

pub(super) fn merge(arguments: Vec<Value>) -> Result<Value, String> {
    let mut merged = Map::new();
    for argument in arguments {
        if !argument.is_null() {
            merged.extend(map(argument, "arguments")?);
        }
    }
    Ok(Value::Object(merged))
}

pub(super) fn merge_to_list(arguments: Vec<Value>) -> Result<Value, String> {
    let mut columns = Vec::new();
    for argument in arguments {
        for (key, values) in map(argument, "arguments")? {
            columns.push((key, list(values, "values of the maps")?));
        }
    }
    let rows = columns
        .iter()
        .map(|(_, values)| values.len())
        .max()
        .unwrap_or(0);
    let row = |index: usize| -> Map {
        columns
            .iter()
            .filter_map(|(key, values)| {
                let value = values.get(index).or(values.last())?;
                Some((key.clone(), value.clone()))
            })
            .collect()
    };
    Ok((0..rows).map(|index| Value::Object(row(index))).collect())
}

pub(super) fn to_list(arguments: Vec<Value>) -> Result<Value, String> {
    let [entries] = take(arguments);
    Ok(map(entries, "argument")?
        .into_iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect())
}

pub(super) fn join(arguments: Vec<Value>) -> Result<Value, String> {
    let [keys, values] = take(arguments);
    let keys = list(keys, "keys")?;
    let values = list(values, "values")?;
    if keys.len() != values.len() {
        return Err(format!(
            "there are {} keys but {} values",
            keys.len(),
            values.len()
        ));
    }
    let keys = keys.iter().map(|key| scalar_text(key, "key"));
    let joined: Result<Map, String> = keys
        .zip(values)
        .map(|(key, value)| Ok((key?, value)))
        .collect();
    Ok(Value::Object(joined?))
}
