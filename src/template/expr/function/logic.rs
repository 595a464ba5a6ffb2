//! `Equals`.

use crate::base::value::{Value, loosely_equal};
use crate::template::expr::function::argument::take;

pub(super) fn equals(arguments: Vec<Value>) -> Result<Value, String> {
    let [left, right] = take(arguments);
    Ok(loosely_equal(&left, &right).into())
}
