//! When things happen: cron, intervals and single times, in every time zone, on every change of
//! clocks.
//!
//! Nothing here asks a clock or keeps state: moments come in as arguments, and the same question has
//! the same answer on every machine, as the rules of time zones are part of the program.

mod calendar;
mod count;
mod cron;
mod error;
mod fire;
mod moment;
mod policy;
mod rate;
mod timer;
mod zone;
mod zoneless;

pub use calendar::{Blackout, Calendar, CalendarError, CalendarProblem, Place};
pub use cron::Field;
pub use error::{Property, ScheduleError};
pub use fire::{Fire, Fires, Note};
pub use policy::{
    Decision, GRACE, InBlackout, LONGEST_JITTER, Missed, MissedReason, Overlap, Policy,
    PolicyError, ROWS, Situation, SkipReason, Verdict, Waiting, decide_due, decide_waiting, jitter,
    next_decision,
};
pub use rate::Rate;
pub use timer::{Schedule, TimerSettings};
pub use zone::Zone;
