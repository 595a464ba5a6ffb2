//! What an execution remembers. Plain data with cheap copies; the law of motion is in
//! [`apply`](super::apply), the choice of what comes next in [`flow`](super::flow).

mod approval;
mod control;
mod demand;
mod execution;
mod looping;
mod tally;
mod task;
mod unit;

pub(super) use approval::GivenApproval;
pub(super) use control::{Control, Pause};
pub(super) use demand::{deadline_key, task_timers};
pub(super) use execution::State;
pub(super) use looping::{Item, LoopState};
pub(super) use tally::Overrun;
pub(super) use task::TaskState;
pub(super) use unit::{Phase, Unit};
