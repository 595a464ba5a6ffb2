//! Triggers: what they start, what passes them by, and which events they accept.

mod event;
mod fire;
mod fuse;
mod renew;
mod scheduled;
mod word;

pub use event::{Refusal, accept};
pub use fire::{FireError, nominal_event};
pub use fuse::Fuse;
pub use renew::RenewError;
pub(super) use scheduled::scheduled;
