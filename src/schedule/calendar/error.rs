//! What can be wrong with a calendar.

use std::fmt;

/// Where in a calendar something is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A line of an iCalendar text, from 1.
    Line(usize),
    /// An entry of a list, from 1.
    Entry(usize),
    /// The calendar as a whole.
    All,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Entry(entry) => write!(f, "entry {entry}"),
            Self::All => f.write_str("calendar"),
        }
    }
}

/// A calendar that is refused as a whole: half of its blackouts would be worse than none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct CalendarError {
    /// Where.
    pub place: Place,
    /// What.
    #[source]
    pub problem: CalendarProblem,
}

/// What is wrong with a calendar.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CalendarProblem {
    /// The text is no iCalendar.
    #[error("an iCalendar file begins with `BEGIN:VCALENDAR`")]
    NotICalendar,
    /// A line that is no property.
    #[error("`{found}` is no property: `NAME:value` is expected")]
    Line {
        /// The beginning of the line.
        found: String,
    },
    /// `END` without its `BEGIN`, or the other way round.
    #[error("`{found}` is expected to end before this")]
    Nesting {
        /// The component that is open; empty if none is.
        found: String,
    },
    /// A value that cannot be read.
    #[error("`{name}` must be {wanted}, not `{found}`")]
    Value {
        /// The property.
        name: String,
        /// What it may be.
        wanted: &'static str,
        /// What is written.
        found: String,
    },
    /// A property that an entry must have.
    #[error("an entry needs {wanted}")]
    Missing {
        /// What is missing.
        wanted: &'static str,
    },
    /// A property that occurs twice.
    #[error("`{name}` occurs twice in one entry")]
    Twice {
        /// The property.
        name: String,
    },
    /// A key that an entry of a list does not have.
    #[error("`{name}` is none of `Name`, `From`, `To`, `Dates`, `Weekly` and `TimeZone`")]
    UnknownKey {
        /// The key.
        name: String,
    },
    /// A time zone that nobody knows.
    #[error("there is no time zone `{found}`; use the IANA name, such as `Europe/Berlin`")]
    UnknownZone {
        /// What is written.
        found: String,
    },
    /// The end is not after the start.
    #[error("the end is not after the start")]
    Empty,
    /// A recurrence rule that cannot be read.
    #[error("the rule cannot be read: {reason}")]
    Rule {
        /// Why.
        reason: String,
    },
    /// A recurrence rule without any date.
    #[error("the rule has no date")]
    Never,
    /// Something that is not supported, with what to do instead.
    #[error("{what} is not supported; {instead}")]
    Unsupported {
        /// What.
        what: &'static str,
        /// What to write instead.
        instead: &'static str,
    },
    /// More than a calendar may have.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
}

impl CalendarProblem {
    /// Says where it is.
    pub(super) fn at(self, place: Place) -> CalendarError {
        CalendarError {
            place,
            problem: self,
        }
    }
}
