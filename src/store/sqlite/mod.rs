//! The store in one SQLite file: journal, projections, signals, records, logs. All SQL of the
//! product is in this folder.

mod codec;
mod content;
mod desk;
mod fault;
mod journal;
mod log;
mod mailbox;
mod maintenance;
mod migration;
mod open;
mod output;
mod owner;
mod reader;
mod record;
mod row;
mod seal;
mod store;
mod task;
mod template;
#[cfg(test)]
mod tests;
mod ticker;
mod view;
mod watch;
mod writer;

pub use maintenance::Finding;
pub use store::SqliteStore;
