//! The store in memory: the strict twin of the SQLite store, for tests and simulation. Events pass
//! through their stable text form, so what would not survive a disk does not survive here.

mod audit;
mod journal;
mod lock;
mod log;
mod mailbox;
mod record;
mod retention;
mod state;
mod template;
mod trigger;
mod view;

pub use state::MemoryStore;
