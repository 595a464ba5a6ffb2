//! The template language as a JSON Schema, for editors: it completes keys, actions, their
//! properties and functions, and marks what parsing would refuse.
//!
//! It sees shapes only. Whether references resolve and selectors compile is beyond a schema.

mod action;
mod document;
mod function;
mod task;
mod value;

pub use document::template_schema;
