//! One nominal time of a schedule.

use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::base::time::Timestamp;
use crate::schedule::timer::Schedule;

/// A moment at which a schedule fires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fire {
    /// The moment. A schedule has each moment at most once, so it names the fire.
    pub nominal: Timestamp,
    /// What clocks of the schedule's zone show then.
    pub local: DateTime,
    /// How far they are ahead of UTC.
    pub offset: Offset,
    /// What is odd about it.
    pub note: Option<Note>,
}

/// Why a fire is not simply at the time that is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Note {
    /// Clocks pass over the time; it fires at the first moment after the gap.
    Gap {
        /// The first time in the gap that is meant.
        meant: DateTime,
    },
    /// Clocks show the time twice; it fires at the first of the two only.
    Overlap,
}

/// The fires of a span of time, in order.
#[derive(Clone, Debug)]
pub struct Fires<'s> {
    schedule: &'s Schedule,
    after: Timestamp,
    until: Timestamp,
}

impl<'s> Fires<'s> {
    pub(super) fn new(schedule: &'s Schedule, after: Timestamp, until: Timestamp) -> Self {
        Self {
            schedule,
            after,
            until,
        }
    }
}

impl Iterator for Fires<'_> {
    type Item = Fire;

    fn next(&mut self) -> Option<Fire> {
        let fire = self.schedule.next_after(self.after)?;
        if fire.nominal > self.until {
            return None;
        }
        self.after = fire.nominal;
        Some(fire)
    }
}
