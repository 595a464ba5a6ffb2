//! Floor 1: the template language. Text in; a checked model, values and diagnostics out. Pure.

pub mod bind;
pub mod check;
pub mod entries;
pub mod expr;
pub mod lock;
pub mod model;
pub mod number;
pub mod output;
pub mod parse;
pub mod rate;
pub mod schema;
pub mod source;
pub mod yaml;
