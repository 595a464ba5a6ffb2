//! Why a setting cannot be taken.

use crate::base::name::nearest;
use crate::base::value::Value;

/// A setting of a loop that cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What is wrong, in words.
    pub message: String,
    /// The word that was probably meant.
    pub suggestion: Option<&'static str>,
}

impl Problem {
    /// Says that `value` of the setting `name` is not `wanted`.
    pub(super) fn unwanted(name: &str, wanted: &str, value: &Value) -> Self {
        Self {
            message: format!("`{name}` of a loop must be {wanted}, not `{value}`"),
            suggestion: None,
        }
    }

    /// Says that `found` is none of `words`, one of which `name` must be.
    pub(super) fn word(name: &str, words: &[&'static str], found: &str) -> Self {
        Self {
            message: format!("`{name}` of a loop is {}, not `{found}`", listed(words)),
            suggestion: nearest(found, words.iter().copied()),
        }
    }

    /// Says that there is nothing called `found` in `name`.
    pub(super) fn unknown(name: &str, words: &[&'static str], found: &str) -> Self {
        Self {
            message: format!(
                "`{name}` has nothing called `{found}`: it takes {}",
                listed(words)
            ),
            suggestion: nearest(found, words.iter().copied()),
        }
    }
}

/// Lists words for people: `A, B or C`.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
