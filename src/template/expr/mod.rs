//! Expressions: placeholders, functions, conditions and selectors, parsed once and evaluated
//! against a [`Scope`] (language reference, section 3).

pub mod condition;
mod environment;
pub mod evaluate;
pub mod expression;
pub mod function;
mod jinja;
mod jq;
mod parser;
mod placeholder;
pub mod reference;
mod restriction;
pub mod scope;
pub mod selector;
#[cfg(test)]
mod tests;

pub use condition::condition;
pub use evaluate::EvaluateError;
pub use expression::{Expression, FunctionCall, MapEntry};
pub use parser::invalid_program;
pub use reference::{Pseudo, Reference, is_entry_name};
pub use scope::{MapScope, Scope};
pub use selector::{Selector, SelectorError};
