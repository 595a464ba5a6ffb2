//! The store in one SQLite file: journal, projections, signals, records, logs. All SQL of the
//! product is in this folder.

mod anew;
mod audit;
mod audit_check;
#[cfg(test)]
mod audit_tests;
mod codec;
mod command;
mod content;
mod desk;
mod fault;
mod journal;
mod kept;
mod lock;
mod lock_queue;
mod locks;
mod log;
mod mailbox;
mod maintenance;
mod migration;
mod open;
mod output;
mod owner;
mod parameter;
mod reader;
mod record;
#[cfg(test)]
mod removal_tests;
mod retention;
mod room;
mod row;
mod seal;
mod store;
mod sweep;
mod task;
mod template;
#[cfg(test)]
mod tests;
mod ticker;
mod trigger;
mod vault;
mod view;
mod watch;
mod writer;

pub use audit_check::verify_file;
pub use lock::NewLock;
pub use maintenance::Finding;
pub use open::FILE as DATABASE_FILE;
pub use parameter::{ParameterChange, ParameterKind};
pub use room::room;
pub use store::SqliteStore;
pub use vault::Vault;
