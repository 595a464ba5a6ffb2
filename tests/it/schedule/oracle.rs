//! What fires when, found by walking: clocks of a zone are read at every step, and nothing else of
//! the zone is known. Shares no code with `src/schedule`.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// An expression and, beside it, the same written out as a question to a time.
pub(super) struct Pattern {
    /// The expression.
    pub(super) text: &'static str,
    /// Whether a time fits.
    pub(super) fits: fn(DateTime) -> bool,
}

/// Patterns that meet changes of clocks in every way, none of them with seconds other than 0.
pub(super) const BY_MINUTE: &[Pattern] = &[
    Pattern {
        text: "0 */15 * * * *",
        fits: |at| at.minute() % 15 == 0,
    },
    Pattern {
        text: "0 30 2 * * ?",
        fits: |at| (at.hour(), at.minute()) == (2, 30),
    },
    Pattern {
        text: "0 0 0 ? * *",
        fits: |at| (at.hour(), at.minute()) == (0, 0),
    },
    Pattern {
        text: "0 59 23-1 * * *",
        fits: |at| matches!(at.hour(), 23 | 0 | 1) && at.minute() == 59,
    },
    Pattern {
        text: "0 15,45 1-3 * * ?",
        fits: |at| (1..=3).contains(&at.hour()) && matches!(at.minute(), 15 | 45),
    },
    Pattern {
        text: "0 5/20 0-4 ? * SUN",
        fits: |at| at.hour() <= 4 && at.minute() % 20 == 5 && at.weekday() == Weekday::Sunday,
    },
    Pattern {
        text: "*/7 0-4 * * 0,6",
        fits: |at| {
            let weekend = matches!(at.weekday(), Weekday::Sunday | Weekday::Saturday);
            at.hour() <= 4 && at.minute() % 7 == 0 && weekend
        },
    },
    Pattern {
        text: "0 10 1-3 ? * 1L",
        fits: |at| {
            let last = next_week(at.date()).month() != at.month();
            let time = (1..=3).contains(&at.hour()) && at.minute() == 10;
            time && at.weekday() == Weekday::Sunday && last
        },
    },
    Pattern {
        text: "0 20 */2 L-6,L,1W * ?",
        fits: |at| {
            let date = at.date();
            let last = date.tomorrow().unwrap().month() != date.month();
            let week_before = next_week(date).month() != date.month()
                && next_week(date).yesterday().unwrap().month() == date.month();
            let time = at.hour() % 2 == 0 && at.minute() == 20;
            time && (last || week_before || first_workday(date))
        },
    },
    Pattern {
        text: "0 * * * * *",
        fits: |_| true,
    },
];

/// Patterns with seconds.
pub(super) const BY_SECOND: &[Pattern] = &[
    Pattern {
        text: "* * * * * *",
        fits: |_| true,
    },
    Pattern {
        text: "7/25 */5 * * * ?",
        fits: |at| matches!(at.second(), 7 | 32 | 57) && at.minute() % 5 == 0,
    },
    Pattern {
        text: "59 59 * ? * *",
        fits: |at| (at.minute(), at.second()) == (59, 59),
    },
];

fn next_week(date: Date) -> Date {
    date.saturating_add(SignedDuration::from_hours(7 * 24))
}

/// Whether a date is the first of its month, or the Monday after a first on a weekend.
fn first_workday(date: Date) -> bool {
    match (date.day(), date.weekday()) {
        (1, weekday) => !matches!(weekday, Weekday::Saturday | Weekday::Sunday),
        (2 | 3, weekday) => {
            let first = date.first_of_month().weekday();
            let weekend = matches!(first, Weekday::Saturday | Weekday::Sunday);
            weekday == Weekday::Monday && weekend
        }
        _ => false,
    }
}

/// What clocks show, step by step, over a span of time.
pub(super) struct Walk {
    step: SignedDuration,
    shown: Vec<(Timestamp, DateTime)>,
}

impl Walk {
    /// Reads the clocks of a zone from `from` to `until`.
    pub(super) fn new(
        zone: &TimeZone,
        from: Timestamp,
        until: Timestamp,
        step: SignedDuration,
    ) -> Self {
        let moments = std::iter::successors(Some(from), |at| at.checked_add(step).ok());
        let shown = moments
            .take_while(|at| *at <= until)
            .map(|at| (at, zone.to_datetime(at)))
            .collect();
        Self { step, shown }
    }

    /// Returns the moments after the first at which something fires: each time on the clock counts
    /// when it is first shown, and those that were passed over count at once thereafter.
    pub(super) fn fires(&self, fits: fn(DateTime) -> bool) -> Vec<Timestamp> {
        let mut latest = self.shown[0].1;
        let mut fires = Vec::new();
        for (at, civil) in &self.shown[1..] {
            let mut fires_now = false;
            while latest < *civil {
                latest = latest.checked_add(self.step).unwrap();
                fires_now |= fits(latest);
            }
            if fires_now {
                fires.push(*at);
            }
        }
        fires
    }
}
