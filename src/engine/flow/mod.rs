//! What comes next, as long as nothing must be waited for: tasks begin and end, units start, items
//! follow on items. Each step follows from the state alone.

mod begin;
mod fanout;
mod finish;
mod planned;
mod proceed;
mod unit;

pub(super) use begin::{Change, begin};
pub(super) use finish::end;
pub(super) use proceed::proceed;
pub(super) use unit::{end_instant, item_of, success};
