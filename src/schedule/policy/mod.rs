//! What becomes of each nominal time: decided from what is known at a moment, without any state.

mod decide;
mod jitter;
mod rules;
mod verdict;

pub use decide::{GRACE, ROWS, Situation, Waiting, decide_due, decide_waiting, next_decision};
pub use jitter::{LONGEST_JITTER, jitter};
pub use rules::{InBlackout, Missed, Overlap, Policy, PolicyError};
pub use verdict::{Decision, MissedReason, SkipReason, Verdict};
