//! From arguments to parameter values: matching, defaults, coercion, constraints
//! (language reference 1.4).
//!
//! A bound value is never looked through for placeholders again; only defaults, which the
//! template's author wrote, may refer to something.

mod argument;
mod binding;
mod coerce;
mod constraint;
mod default;
mod file;
mod names;
#[cfg(test)]
mod tests;

pub use binding::{BindError, Strictness, bind};
pub use file::{ARGUMENT_FILE_LIMIT, ArgumentFileError, read_arguments};
