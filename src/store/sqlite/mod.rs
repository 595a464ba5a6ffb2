//! The store in one SQLite file: journal, projections, signals, records, logs. All SQL of the
//! product is in this folder.

mod codec;
mod content;
mod fault;
mod journal;
mod log;
mod mailbox;
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
mod ticker;
mod view;
mod watch;
mod writer;

pub use store::SqliteStore;
