//! What is kept of executions that have ended, and for how long.

mod carry;
mod limits;
mod plan;

pub use carry::{Carried, carry_out};
pub use limits::{Keep, Limits, MinFree};
pub use plan::{Going, Plan, Question, plan};
