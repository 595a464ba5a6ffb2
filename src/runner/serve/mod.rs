//! The daemon: takes up what nobody works on, fires triggers, brings signals. It has no state of its
//! own that matters: whatever it was about to do follows from the store, so it may end at any moment
//! and another one may run beside it.

mod ahead;
mod attend;
#[cfg(test)]
mod attend_tests;
mod brake;
mod crew;
mod daemon;
mod keeper;
mod renew;
mod scheduler;
mod wait;

pub use daemon::{Limits, Serving};
