//! `Jq`.

use crate::base::value::Value;
use crate::template::expr::function::argument::{scalar_text, take};
use crate::template::expr::selector::Selector;

pub(super) fn jq(arguments: Vec<Value>) -> Result<Value, String> {
    let [mode, program, input] = take(arguments);
    let mode = scalar_text(&mode, "first argument")?;
    let program = scalar_text(&program, "program")?;
    let selector = Selector::compile_program(&program).map_err(|error| error.to_string())?;
    let input = match &input {
        Value::String(text) => serde_json::from_str(text).unwrap_or(input),
        _ => input,
    };
    if mode.eq_ignore_ascii_case("First") {
        let first = selector.first(&input).map_err(|error| error.to_string())?;
        Ok(first.unwrap_or(Value::Null))
    } else if mode.eq_ignore_ascii_case("All") {
        let all = selector.all(&input).map_err(|error| error.to_string())?;
        Ok(Value::Array(all))
    } else {
        Err(format!(
            "the first argument must be `First` or `All`, not `{mode}`"
        ))
    }
}
