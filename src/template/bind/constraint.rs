//! Whether a value keeps the constraints of its parameter.

use fancy_regex::{Regex, RegexBuilder};

use crate::base::value::{self, Value};
use crate::template::bind::argument::shown;
use crate::template::bind::binding::BindError;
use crate::template::model::{Parameter, ValueType};

/// Most steps back that a pattern may take; patterns with look-around can need very many.
const BACKTRACK_LIMIT: usize = 200_000;

/// Most bytes of a compiled pattern.
const PATTERN_SIZE: usize = 1024 * 1024;

/// Returns what is wrong with `value`, which was given as `raw`.
pub(super) fn violations(parameter: &Parameter, raw: &Value, value: &Value) -> Vec<BindError> {
    if value.is_null() {
        return Vec::new();
    }
    [
        outside(parameter, value),
        unmatched(parameter, raw),
        length(parameter, value),
        bounds(parameter, value),
    ]
    .into_iter()
    .flatten()
    .map(|problem| {
        let name = parameter.name.value.as_str();
        let reason = parameter
            .constraint_description
            .as_ref()
            .and_then(|description| description.text("en"))
            .map_or_else(String::new, |text| {
                format!(": {}", text.trim_end_matches('.'))
            });
        BindError::new(name, format!("parameter `{name}` {problem}{reason}"))
    })
    .collect()
}

fn outside(parameter: &Parameter, value: &Value) -> Option<String> {
    let allowed = &parameter.allowed_values.as_ref()?.value;
    let is_allowed = |value: &Value| {
        allowed
            .iter()
            .any(|allowed| value::loosely_equal(allowed, value))
    };
    let stranger = match value {
        Value::Array(elements) if parameter.value_type == ValueType::List => {
            elements.iter().find(|element| !is_allowed(element))
        }
        _ => (!is_allowed(value)).then_some(value),
    }?;
    let list: Vec<String> = allowed
        .iter()
        .map(|value| format!("`{}`", value::text(value)))
        .collect();
    Some(format!(
        "is {}, which is none of {}",
        shown(parameter, stranger),
        list.join(", ")
    ))
}

/// The pattern is held against what was given, before anything else is made of it.
fn unmatched(parameter: &Parameter, raw: &Value) -> Option<String> {
    let pattern = &parameter.allowed_pattern.as_ref()?.value;
    let regex = match compile(pattern) {
        Ok(regex) => regex,
        Err(problem) => return Some(format!("has a pattern that cannot be used: {problem}")),
    };
    let elements = match raw {
        Value::Array(elements) if parameter.value_type == ValueType::List => elements.as_slice(),
        _ => std::slice::from_ref(raw),
    };
    elements.iter().find_map(
        |element| match regex.is_match(value::text(element).as_str()) {
            Ok(true) => None,
            Ok(false) => Some(format!(
                "is {}, which does not match `{pattern}`",
                shown(parameter, element)
            )),
            Err(problem) => Some(format!(
                "cannot be held against its pattern `{pattern}`: {problem}"
            )),
        },
    )
}

fn compile(pattern: &str) -> Result<Regex, Box<fancy_regex::Error>> {
    RegexBuilder::new(pattern)
        .backtrack_limit(BACKTRACK_LIMIT)
        .delegate_size_limit(PATTERN_SIZE)
        .build()
        .map_err(Box::new)
}

fn length(parameter: &Parameter, value: &Value) -> Option<String> {
    let Value::String(text) = value else {
        return None;
    };
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    let shortest = parameter.min_length.as_ref().map(|spanned| spanned.value);
    let longest = parameter.max_length.as_ref().map(|spanned| spanned.value);
    match (shortest, longest) {
        (Some(shortest), _) if length < shortest => {
            Some(format!("has {length} characters, fewer than {shortest}"))
        }
        (_, Some(longest)) if length > longest => {
            Some(format!("has {length} characters, more than {longest}"))
        }
        _ => None,
    }
}

fn bounds(parameter: &Parameter, value: &Value) -> Option<String> {
    let number = value.as_f64()?;
    let smallest = parameter.min_value.as_ref().map(|spanned| spanned.value);
    let largest = parameter.max_value.as_ref().map(|spanned| spanned.value);
    match (smallest, largest) {
        (Some(smallest), _) if number < smallest => Some(format!(
            "is {}, less than {smallest}",
            shown(parameter, value)
        )),
        (_, Some(largest)) if number > largest => Some(format!(
            "is {}, more than {largest}",
            shown(parameter, value)
        )),
        _ => None,
    }
}
