//! `CalculateBatch`.

use crate::base::value::Value;
use crate::template::expr::function::argument::{integer, list, take};

/// Splits the items into as many batches as asked for, the larger ones first.
pub(super) fn calculate(arguments: Vec<Value>) -> Result<Value, String> {
    let [count, items] = take(arguments);
    let count = integer(&count, "number of batches")?;
    let items = list(items, "items")?.len();
    let count = usize::try_from(count)
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| "the number of batches must be at least 1".to_owned())?
        // Batches without items would be rounds in which nothing happens.
        .min(items);
    Ok((0..count)
        .map(|batch| items / count + usize::from(batch < items % count))
        .collect())
}
