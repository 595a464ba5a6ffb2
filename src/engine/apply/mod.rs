//! How facts change an execution. [`law`] says which fact may follow on which state; the other
//! files carry it out, one family of facts each. Nothing is rendered here.

mod batch;
mod ending;
mod execution;
mod law;
mod place;
mod round;
mod task;
mod unit;
mod verdict;

pub use law::IllegalEvent;
pub(super) use law::apply;
