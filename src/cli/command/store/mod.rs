//! `oos store`: care of what is recorded.

mod entry;
mod prune;

pub(in crate::cli) use entry::Arguments;
