//! Days that a number cannot name: the last of a month, the weekday nearest to the 15th, the second
//! Friday.

use jiff::civil::Date;

/// A day of a month that depends on the month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SpecialDay {
    /// `L`, `L-3`: so many days before the last.
    Last { before: u32 },
    /// `LW`, `L-3W`: the weekday (Monday to Friday) nearest to that, in the same month.
    LastWorkday { before: u32 },
    /// `15W`: the weekday nearest to a day, in the same month. Nothing in a month without that day.
    Workday { day: u32 },
    /// `6L`: the last of a day of the week, 1 being Sunday.
    LastOf { weekday: u32 },
    /// `6#3`: the third of a day of the week. Nothing in a month that has fewer.
    NthOf { weekday: u32, nth: u32 },
}

impl SpecialDay {
    /// Tells whether a date is one of these.
    pub(super) fn is(self, date: Date) -> bool {
        let day = day_of(date);
        let last = u32::from(date.days_in_month().unsigned_abs());
        match self {
            Self::Last { before } => day + before == last,
            Self::LastWorkday { before } => {
                before < last && day == nearest_workday(date, last - before)
            }
            Self::Workday { day: wanted } => wanted <= last && day == nearest_workday(date, wanted),
            Self::LastOf { weekday } => weekday_of(date) == weekday && day + 7 > last,
            Self::NthOf { weekday, nth } => weekday_of(date) == weekday && (day - 1) / 7 + 1 == nth,
        }
    }
}

/// Returns the day of the month.
pub(super) fn day_of(date: Date) -> u32 {
    u32::from(date.day().unsigned_abs())
}

/// Returns the day of the week; Sunday is 1.
pub(super) fn weekday_of(date: Date) -> u32 {
    u32::from(date.weekday().to_sunday_one_offset().unsigned_abs())
}

/// Returns the day from Monday to Friday that is nearest to day `wanted` of the month of `date`,
/// without leaving the month.
fn nearest_workday(date: Date, wanted: u32) -> u32 {
    let last = u32::from(date.days_in_month().unsigned_abs());
    // The day of the week moves on by one each day; 35 keeps the sum positive.
    let weekday = (weekday_of(date) - 1 + 35 + wanted - day_of(date)) % 7 + 1;
    match weekday {
        7 if wanted == 1 => 3,
        7 => wanted - 1,
        1 if wanted == last => wanted - 2,
        1 => wanted + 1,
        _ => wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the days of a month that are meant.
    fn days(special: SpecialDay, year: i16, month: i8) -> Vec<i8> {
        let first = Date::new(year, month, 1).unwrap();
        let all = (1..=first.days_in_month()).map(|day| Date::new(year, month, day).unwrap());
        all.filter(|date| special.is(*date))
            .map(Date::day)
            .collect()
    }

    #[test]
    fn special_days_are_those_of_each_month() {
        #[track_caller]
        fn case(special: SpecialDay, month: &str, expected: &[i8]) {
            let first: Date = format!("{month}-01").parse().unwrap();
            assert_eq!(
                days(special, first.year(), first.month()),
                expected,
                "{month}"
            );
        }
        case(SpecialDay::Last { before: 0 }, "2028-02", &[29]);
        case(SpecialDay::Last { before: 3 }, "2026-02", &[25]);
        case(SpecialDay::Last { before: 30 }, "2026-02", &[]);
        // January 2026 ends on a Saturday, May 2026 on a Sunday.
        case(SpecialDay::LastWorkday { before: 0 }, "2026-01", &[30]);
        case(SpecialDay::LastWorkday { before: 0 }, "2026-05", &[29]);
        case(SpecialDay::LastWorkday { before: 1 }, "2026-05", &[29]);
        case(SpecialDay::LastWorkday { before: 30 }, "2026-02", &[]);
        // The 15th: a Sunday, a Saturday, a Friday.
        case(SpecialDay::Workday { day: 15 }, "2026-02", &[16]);
        case(SpecialDay::Workday { day: 15 }, "2026-08", &[14]);
        case(SpecialDay::Workday { day: 15 }, "2026-05", &[15]);
        // The 1st is a Saturday: the Monday after it, as the Friday before is of another month.
        case(SpecialDay::Workday { day: 1 }, "2026-08", &[3]);
        case(SpecialDay::Workday { day: 31 }, "2026-05", &[29]);
        case(SpecialDay::Workday { day: 31 }, "2026-06", &[]);
        case(SpecialDay::LastOf { weekday: 6 }, "2026-10", &[30]);
        case(SpecialDay::NthOf { weekday: 6, nth: 3 }, "2026-10", &[16]);
        case(SpecialDay::NthOf { weekday: 6, nth: 5 }, "2026-10", &[30]);
        case(SpecialDay::NthOf { weekday: 6, nth: 5 }, "2026-11", &[]);
    }
}
