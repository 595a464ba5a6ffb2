//! Target words: which hosts are meant.

mod error;
mod glob;
mod parse;
mod select;

pub use error::WordError;
pub(super) use glob::{fits, is_glob};
pub(super) use parse::split;
pub use parse::{Words, read_lines};
