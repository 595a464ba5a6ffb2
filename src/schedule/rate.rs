//! Intervals such as `30 minutes`.

use std::time::Duration;

use crate::schedule::error::ScheduleError;

/// The words for each unit and how many seconds one of it has.
const UNITS: [(&[&str], u64); 4] = [
    (&["s", "second", "seconds"], 1),
    (&["m", "minute", "minutes"], 60),
    (&["h", "hour", "hours"], 60 * 60),
    (&["d", "day", "days"], 24 * 60 * 60),
];

/// More than the calendar has: with it no sum overflows.
const LONGEST: u64 = 10_000 * 366 * 24 * 60 * 60;

/// An interval of whole seconds, at least one. A day has 24 hours, whatever clocks do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate(u64);

impl Rate {
    /// Reads a number and a unit.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let wrong = || ScheduleError::Rate {
            found: text.to_owned(),
        };
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim_start();
        let (_, seconds) = UNITS
            .iter()
            .find(|(words, _)| words.iter().any(|word| word.eq_ignore_ascii_case(unit)))
            .ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        match number.checked_mul(*seconds) {
            Some(seconds @ 1..=LONGEST) => Ok(Self(seconds)),
            _ => Err(wrong()),
        }
    }

    /// Returns how long it is.
    pub fn interval(self) -> Duration {
        Duration::from_secs(self.0)
    }

    /// Returns the first second that is a whole number of intervals after `first` and after `after`;
    /// `first` itself is one.
    pub(super) fn next(self, first: i64, after: i64) -> Option<i64> {
        let interval = i64::try_from(self.0).expect("the longest interval is far below");
        if after < first {
            return Some(first);
        }
        let passed = (after.checked_sub(first)? / interval).checked_add(1)?;
        first.checked_add(passed.checked_mul(interval)?)
    }

    /// Returns how many such seconds there are after `after`, up to `until` and including it.
    pub(super) fn count(self, first: i64, after: i64, until: i64) -> u64 {
        let up_to = |second: i64| match u64::try_from(second.saturating_sub(first)) {
            Ok(passed) => passed / self.0 + 1,
            Err(_) => 0,
        };
        up_to(until).saturating_sub(up_to(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_a_number_and_a_unit() {
        #[track_caller]
        fn case(text: &str, seconds: u64) {
            assert_eq!(
                Rate::parse(text).unwrap().interval(),
                Duration::from_secs(seconds)
            );
        }
        case("1 second", 1);
        case("30 minutes", 1800);
        case("30 Minute", 1800);
        case(" 2  hours ", 7200);
        case("1 days", 86_400);
        case("90m", 5400);
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in [
            "",
            "30",
            "minutes",
            "0 minutes",
            "-1 hours",
            "1.5 hours",
            "1 week",
            "1 hour 2",
        ] {
            let error = Rate::parse(text).unwrap_err();
            assert_eq!(error.to_string(), format!("`{text}` is no interval"));
        }
        assert!(Rate::parse("99999999999999999999 days").is_err());
        assert!(Rate::parse("9999999999999999 days").is_err());
    }

    #[test]
    fn intervals_are_counted_from_the_first() {
        let rate = Rate::parse("10 seconds").unwrap();
        assert_eq!(rate.next(5, 0), Some(5));
        assert_eq!(rate.next(5, 5), Some(15));
        assert_eq!(rate.next(5, 14), Some(15));
        assert_eq!(rate.next(5, i64::MAX), None);
        assert_eq!(rate.count(5, 0, 4), 0);
        assert_eq!(rate.count(5, 0, 25), 3);
        assert_eq!(rate.count(5, 5, 25), 2);
        assert_eq!(rate.count(5, 25, 5), 0);
    }
}
