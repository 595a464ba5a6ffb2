//! Whether the parts of a template agree: one rule a file (language reference 1.9 and 8.4).
//!
//! A rule reads the parsed template and what it calls, and reports; it changes nothing and knows no
//! other rule. Where the reference leaves a choice, an oddity that published templates live with is
//! a warning and everything that could only fail later is an error.

mod checker;
mod context;
mod jump;
mod library;
mod literal;
mod registry;
mod report;
mod resolve;
mod rule;
mod site;
mod stand_in;
mod steps;
mod timer;

pub use checker::{Checker, check};
pub use registry::codes;
pub(super) use site::expressions;
pub(crate) use site::{conditions, expressions_of};
