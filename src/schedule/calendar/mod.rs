//! Calendars of blackouts: spans of time in which nothing is to start.

mod entry;
mod error;
mod ical;
mod inline;
mod rule;

pub use entry::{Blackout, Calendar};
pub use error::{CalendarError, CalendarProblem, Place};
