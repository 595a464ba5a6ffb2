//! The fields of a cron expression: what stands in each.

use std::fmt;
use std::ops::RangeInclusive;

use super::numbers::Style;

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A field of a cron expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// 0 to 59.
    Second,
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// 1 to 31, and words such as `L` and `15W`.
    DayOfMonth,
    /// 1 to 12 or `JAN` to `DEC`.
    Month,
    /// 1 to 7 or `SUN` to `SAT`, and words such as `6L` and `FRI#2`.
    DayOfWeek,
    /// 1970 to 2099.
    Year,
}

impl Field {
    /// Returns the numbers that it may have.
    pub(super) fn range(self) -> RangeInclusive<u32> {
        match self {
            Self::Second | Self::Minute => 0..=59,
            Self::Hour => 0..=23,
            Self::DayOfMonth => 1..=31,
            Self::Month => 1..=12,
            Self::DayOfWeek => 1..=7,
            Self::Year => 1970..=2099,
        }
    }

    /// Tells whether the field chooses days, so that `?` may stand in it.
    pub(super) fn is_day(self) -> bool {
        matches!(self, Self::DayOfMonth | Self::DayOfWeek)
    }

    /// Reads a name such as `MON`, in any case.
    pub(super) fn named(self, word: &str) -> Option<u32> {
        let names: &[&str] = match self {
            Self::Month => &MONTHS,
            Self::DayOfWeek => &WEEKDAYS,
            _ => &[],
        };
        let numbered = names.iter().zip(1..);
        numbered
            .filter(|(name, _)| name.eq_ignore_ascii_case(word))
            .map(|(_, number)| number)
            .next()
    }

    /// Says what it may be.
    pub(in crate::schedule) fn allowed(self) -> String {
        let range = self.range();
        let numbers = format!("{} to {}", range.start(), range.end());
        let also = match self {
            Self::DayOfMonth => ", `L`, `L-3`, `LW` or `15W`, `*` or `?`",
            Self::Month => " or `JAN` to `DEC`, or `*`",
            Self::DayOfWeek => {
                " (Sunday is 1; with five fields it is 0 and Saturday 6) or `SUN` to `SAT`, \
                 `FRIL` or `FRI#2`, `*` or `?`"
            }
            _ => ", or `*`",
        };
        format!("{numbers}{also}; lists `1,2`, ranges `1-5` and steps `*/5` of them")
    }

    /// Returns the day of the week of a number in a text, counted from Sunday = 1.
    pub(super) fn weekday(number: u32, style: Style) -> u32 {
        match style {
            Style::Quartz => number,
            Style::Crontab => number % 7 + 1,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
            Self::Year => "year",
        })
    }
}
