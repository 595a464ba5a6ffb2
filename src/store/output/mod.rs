//! Command output on its way into a store and back: pure, the same for every store.
//!
//! A log is a row of chunks. A chunk holds bytes of both channels in the order of their arrival,
//! and the position at which it begins, so that reading may start at any chunk. Lines are numbered
//! by the arrival of their first byte.

mod buffer;
mod chunk;
mod position;
mod reader;

pub(crate) use buffer::{Buffer, Ends, gap};
pub(crate) use chunk::{Segment, decode, encode};
pub(crate) use position::{Position, place};
pub(crate) use reader::LineReader;
