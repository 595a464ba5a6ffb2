//! Floor 3: memory. Traits in the words of the engine; SQLite and an in-memory twin behind them.

pub mod audit;
mod compressor;
#[cfg(test)]
mod conformance;
mod content;
mod error;
mod journal;
mod lock;
mod log;
mod mailbox;
pub mod memory;
mod now;
mod output;
mod ownership;
mod parameter;
mod projection;
mod retention;
mod secrets;
pub mod sqlite;
mod template;
mod trigger;
pub mod view;

pub use content::Contents;
pub use error::StoreError;
pub use journal::{Journal, Seq};
pub use lock::{LockView, LockWish, Locks, Standing, Turn};
pub use log::Logs;
pub use mailbox::Mailbox;
pub use now::Now;
pub use ownership::{OwnerGuard, Ownership};
pub use parameter::{ParameterEntry, ParameterError, Parameters};
pub use retention::{
    EndPlace, EndedView, KeptFor, Part, Removal, RemovalCause, RemovedView, Retention, Room,
    STARTER_TAG, Usage,
};
pub use template::{TemplateEntry, Templates};
pub use trigger::{FiringView, TriggerMark, TriggerView, Triggers};

use crate::base::output::OutputSink;
use crate::base::records::Records;

/// Everything that a runner needs remembered.
pub trait Store:
    Journal
    + Contents
    + Templates
    + Mailbox
    + Ownership
    + Locks
    + Logs
    + Triggers
    + Retention
    + view::Views
    + Records
    + OutputSink
{
}

impl<T> Store for T where
    T: Journal
        + Contents
        + Templates
        + Mailbox
        + Ownership
        + Locks
        + Logs
        + Triggers
        + Retention
        + view::Views
        + Records
        + OutputSink
{
}
