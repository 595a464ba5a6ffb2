//! Expressions: placeholders, functions, conditions and selectors, parsed once and evaluated
//! against a [`Scope`] (language reference, section 3).

pub mod expression;
pub mod reference;
pub mod scope;
pub mod selector;

pub use expression::{EvaluateError, Expression};
pub use reference::{Pseudo, Reference};
pub use scope::Scope;
pub use selector::{Selector, SelectorError};
