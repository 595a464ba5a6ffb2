//! Functions on numbers.

use crate::base::value::{Number, Value, text};
use crate::template::expr::function::argument::{number, take};
use crate::template::expr::function::arithmetic;

pub(super) fn evaluate(arguments: Vec<Value>) -> Result<Value, String> {
    let [expression] = take(arguments);
    from_f64(arithmetic::evaluate(&text(&expression))?)
}

pub(super) fn min(elements: Vec<Value>) -> Result<Value, String> {
    extreme(elements, |candidate, best| candidate < best)
}

pub(super) fn max(elements: Vec<Value>) -> Result<Value, String> {
    extreme(elements, |candidate, best| candidate > best)
}

pub(super) fn sum(elements: Vec<Value>) -> Result<Value, String> {
    let mut sum = 0.0;
    for element in &elements {
        if !element.is_null() {
            sum += number(element, "elements")?;
        }
    }
    from_f64(sum)
}

fn extreme(elements: Vec<Value>, better: fn(f64, f64) -> bool) -> Result<Value, String> {
    let mut best = None;
    for element in elements {
        if element.is_null() {
            continue;
        }
        let candidate = number(&element, "elements")?;
        if best.is_none_or(|best| better(candidate, best)) {
            best = Some(candidate);
        }
    }
    best.map_or(Ok(Value::Null), from_f64)
}

/// Returns a whole number without a fraction, as JSON texts show it.
pub(super) fn from_f64(number: f64) -> Result<Value, String> {
    // Doubles are exact for whole numbers below 2^53.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to be whole and in range"
        )]
        return Ok(Value::from(number as i64));
    }
    Number::from_f64(number)
        .map(Value::Number)
        .ok_or_else(|| "the result is not a finite number".to_owned())
}
