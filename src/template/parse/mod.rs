//! From a text to a [`Template`](crate::template::model::Template): one section a file.
//!
//! Parsing looks at the shape of the text only: which keys there are, of which kind their values
//! are, whether names are well formed. Whether names are unique and mean something is
//! [`check`](crate::template::check)'s business.

mod conditions;
mod constraint;
mod description;
mod header;
mod looping;
mod metadata;
mod outputs;
mod parameters;
mod section;
mod task;
mod task_outputs;
mod template;
#[cfg(test)]
mod tests;

pub use template::{Parsed, parse, parse_tasks_value};
