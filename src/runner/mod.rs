//! Floor 4: joins deciding with doing. Owns executions, makes their effects happen and tells them
//! the answers.

pub mod broadcast;
mod changing;
mod child;
pub mod clock;
pub mod closure;
mod conductor;
#[cfg(test)]
mod conductor_tests;
mod effector;
mod entries;
mod failpoint;
mod guest;
pub mod handle;
pub mod library;
mod load;
mod lock;
mod loop_step;
mod loopback;
mod mail;
pub mod plan;
mod prepare;
mod recent;
mod record;
mod repeat;
pub mod report;
mod request;
mod rest;
pub mod retention;
mod scope;
pub mod serve;
mod signal;
mod start_error;
mod started;
pub mod trigger;
pub mod usage;

pub use broadcast::News;
pub use clock::{Clock, SystemClock};
pub use entries::EntryError;
pub use handle::{DriveOptions, Identity, Outcome, Parts, Runner, RunnerError};
pub use library::Library;
pub use plan::Plan;
pub use prepare::Prepared;
pub use repeat::{Origin, RepeatError};
pub use request::{StartRequest, TemplateRef, TimerRequest};
pub use signal::SignalError;
pub use start_error::{StartError, Unserved};
