//! A cron expression as a whole, and the next time on a clock that it means.
//!
//! The crate `cron` finds the next time that fits the numbers, on a calendar without time zones;
//! special days are sieved out of what it finds. It is given plain numbers only, so nothing depends on
//! how it reads texts.

use std::str::FromStr as _;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Time};

use super::day::{SpecialDay, day_of, weekday_of};
use super::field::Field;
use super::numbers::{Numbers, Style};
use crate::schedule::error::ScheduleError;
use crate::schedule::zoneless::{as_if_utc, civil};

/// The fields in their order.
const FIELDS: [Field; 7] = [
    Field::Second,
    Field::Minute,
    Field::Hour,
    Field::DayOfMonth,
    Field::Month,
    Field::DayOfWeek,
    Field::Year,
];

/// Where some of the fields stand.
const DATE: usize = 3;
const MONTH: usize = 4;
const WEEKDAY: usize = 5;
const YEAR: usize = 6;

/// The last second before the years that an expression can name, and the last one of them.
const DAWN: DateTime = DateTime::constant(1969, 12, 31, 23, 59, 59, 0);
const DUSK: DateTime = DateTime::constant(2099, 12, 31, 23, 59, 59, 0);

/// A cron expression that fires at least once before 2100.
#[derive(Clone, Debug)]
pub(in crate::schedule) struct Cron {
    /// Finds the next time that fits, special days not counted as restrictions.
    numbers: cron::Schedule,
    fields: Vec<Numbers>,
    /// Whether there are special days, which `numbers` knows nothing of.
    has_special_days: bool,
}

impl Cron {
    /// Reads an expression of five fields (crontab) or of six or seven (Quartz).
    pub(in crate::schedule) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let (style, words) = split(text)?;
        let read = |(field, word): (&Field, &&str)| Numbers::parse(*field, word, style);
        let fields: Result<Vec<Numbers>, _> = FIELDS.iter().zip(&words).map(read).collect();
        let fields = fields?;
        let (date, weekday) = (&fields[DATE], &fields[WEEKDAY]);
        if date.question && weekday.question {
            return Err(ScheduleError::NoDays);
        }
        if !date.is_all(Field::DayOfMonth) && !weekday.is_all(Field::DayOfWeek) {
            return Err(both_days(style, &words));
        }
        let has_special_days = !date.special.is_empty() || !weekday.special.is_empty();
        let canonical: Vec<String> = FIELDS.iter().zip(&fields).map(plain).collect();
        let numbers = cron::Schedule::from_str(&canonical.join(" "));
        let cron = Self {
            numbers: numbers.expect("lists of numbers within their ranges are an expression"),
            fields,
            has_special_days,
        };
        match cron.next_after(DAWN) {
            Some(_) => Ok(cron),
            None => Err(ScheduleError::Never {
                found: text.trim().to_owned(),
            }),
        }
    }

    /// Returns the first time after `after` that fits; `None` if there is none before 2100. Looks at no
    /// day twice.
    pub(in crate::schedule) fn next_after(&self, after: DateTime) -> Option<DateTime> {
        let mut after = after.max(DAWN);
        loop {
            let candidate = civil(&self.numbers.after(&as_if_utc(after)?).next()?)?;
            let date = candidate.date();
            if !self.has_special_days || self.allows_day(date) {
                return Some(candidate);
            }
            let days = date.tomorrow().ok()?.series(1.day());
            let mut days = days.take_while(|date| *date <= DUSK.date());
            let next = days.find(|date| self.allows_day(*date))?;
            after = next.yesterday().ok()?.at(23, 59, 59, 0);
        }
    }

    /// Returns how many times after `after`, up to `until` and including it, fit. Both are whole
    /// seconds.
    pub(in crate::schedule) fn count_between(&self, after: DateTime, until: DateTime) -> u64 {
        let (after, until) = (after.max(DAWN), until.min(DUSK));
        if after >= until {
            return 0;
        }
        let allowed = |date: &Date| self.allows_day(*date) && self.allows_month(*date);
        let days = after.date().series(1.day());
        let days = days.take_while(|date| *date < until.date()).filter(allowed);
        let whole = u64::try_from(days.count()).unwrap_or(u64::MAX) * self.times_until(Time::MAX);
        let first = allowed(&after.date()).then(|| self.times_until(after.time()));
        let last = allowed(&until.date()).then(|| self.times_until(until.time()));
        whole + last.unwrap_or(0) - first.unwrap_or(0)
    }

    /// Returns how many times of a day, up to `time` and including it, fit.
    fn times_until(&self, time: Time) -> u64 {
        let number = |number: i8| u32::from(number.unsigned_abs());
        let (hour, minute, second) = (
            number(time.hour()),
            number(time.minute()),
            number(time.second()),
        );
        let up_to = |at: usize, last: u32| -> (u64, u64) {
            let plain = &self.fields[at].plain;
            let below = plain.range(..last).count();
            (below as u64, u64::from(plain.contains(&last)))
        };
        let (minutes, seconds) = (
            self.fields[1].plain.len() as u64,
            self.fields[0].plain.len() as u64,
        );
        let (hours_before, in_hour) = up_to(2, hour);
        let (minutes_before, in_minute) = up_to(1, minute);
        let (seconds_before, in_second) = up_to(0, second);
        let in_last_minute = in_minute * (seconds_before + in_second);
        hours_before * minutes * seconds + in_hour * (minutes_before * seconds + in_last_minute)
    }

    fn allows_day(&self, date: Date) -> bool {
        let one = |numbers: &Numbers, number: u32| {
            let special = |special: &SpecialDay| special.is(date);
            numbers.plain.contains(&number) || numbers.special.iter().any(special)
        };
        one(&self.fields[DATE], day_of(date)) && one(&self.fields[WEEKDAY], weekday_of(date))
    }

    fn allows_month(&self, date: Date) -> bool {
        let (month, year) = (date.month().unsigned_abs(), date.year().unsigned_abs());
        self.fields[MONTH].plain.contains(&u32::from(month))
            && self.fields[YEAR].plain.contains(&u32::from(year))
    }
}

/// Splits an expression into seven fields.
fn split(text: &str) -> Result<(Style, Vec<&str>), ScheduleError> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let style = match words.len() {
        5 => {
            words.insert(0, "0");
            Style::Crontab
        }
        6 | 7 => Style::Quartz,
        count => {
            return Err(ScheduleError::FieldCount {
                found: text.trim().to_owned(),
                count,
            });
        }
    };
    if words.len() == 6 {
        words.push("*");
    }
    Ok((style, words))
}

/// Days by date and by week: offers the expression with the one and with the other, in the form in
/// which it is written.
fn both_days(style: Style, words: &[&str]) -> ScheduleError {
    let anything = match style {
        Style::Quartz => "?",
        Style::Crontab => "*",
    };
    let shown = match style {
        Style::Quartz if words[YEAR] == "*" => 0..6,
        Style::Quartz => 0..7,
        Style::Crontab => 1..6,
    };
    let without = |at: usize| {
        let mut words = words.to_vec();
        words[at] = anything;
        words[shown.clone()].join(" ")
    };
    ScheduleError::BothDays {
        day_of_month: words[DATE].to_owned(),
        day_of_week: words[WEEKDAY].to_owned(),
        instead: [without(WEEKDAY), without(DATE)],
    }
}

/// Returns a field in plain numbers; `*` where special days are sieved out afterwards.
fn plain((field, numbers): (&Field, &Numbers)) -> String {
    if !numbers.special.is_empty() || (numbers.is_all(*field) && *field != Field::Year) {
        return "*".to_owned();
    }
    let numbers: Vec<String> = numbers.plain.iter().map(u32::to_string).collect();
    numbers.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next times of an expression after a moment of the year 2026.
    #[track_caller]
    fn next(text: &str, after: &str, expected: &[&str]) {
        let cron = Cron::parse(text).unwrap_or_else(|error| panic!("{error}"));
        let mut at: DateTime = after.parse().unwrap();
        let mut found = Vec::new();
        for _ in expected {
            at = cron.next_after(at).unwrap();
            found.push(at.strftime("%F %T").to_string());
        }
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn numbers_lists_ranges_and_steps_are_read_as_quartz_does() {
        let new_year = "2026-01-01T00:00:00";
        next(
            "0 15/30 * ? * *",
            new_year,
            &[
                "2026-01-01 00:15:00",
                "2026-01-01 00:45:00",
                "2026-01-01 01:15:00",
            ],
        );
        next(
            "*/20 * * * * *",
            new_year,
            &[
                "2026-01-01 00:00:20",
                "2026-01-01 00:00:40",
                "2026-01-01 00:01:00",
            ],
        );
        next("/20 * * * * *", new_year, &["2026-01-01 00:00:20"]);
        next(
            "0 30 08 ? * MON,TUE",
            new_year,
            &[
                "2026-01-05 08:30:00",
                "2026-01-06 08:30:00",
                "2026-01-12 08:30:00",
            ],
        );
        next(
            "0 0 22-2 * * ?",
            new_year,
            &[
                "2026-01-01 01:00:00",
                "2026-01-01 02:00:00",
                "2026-01-01 22:00:00",
            ],
        );
        next(
            "0 0 22-4/3 * * ?",
            new_year,
            &[
                "2026-01-01 01:00:00",
                "2026-01-01 04:00:00",
                "2026-01-01 22:00:00",
            ],
        );
        next(
            "0 0 12 ? * fri-mon",
            new_year,
            &[
                "2026-01-02 12:00:00",
                "2026-01-03 12:00:00",
                "2026-01-04 12:00:00",
                "2026-01-05 12:00:00",
                "2026-01-09 12:00:00",
            ],
        );
        next(
            "0 0 12 ? * 2-6",
            new_year,
            &[
                "2026-01-01 12:00:00",
                "2026-01-02 12:00:00",
                "2026-01-05 12:00:00",
            ],
        );
        next(
            "0 0 12 1 nov-feb ?",
            new_year,
            &[
                "2026-01-01 12:00:00",
                "2026-02-01 12:00:00",
                "2026-11-01 12:00:00",
            ],
        );
        next(
            "0 0 12 ? * 2/2",
            new_year,
            &["2026-01-02 12:00:00", "2026-01-05 12:00:00"],
        );
        next("0 0 0 1 1 ? 2028", new_year, &["2028-01-01 00:00:00"]);
        next(
            "0 0 0 1 1 ? 2027/3",
            new_year,
            &["2027-01-01 00:00:00", "2030-01-01 00:00:00"],
        );
        next(
            "0 0 0 29 2 ?",
            new_year,
            &["2028-02-29 00:00:00", "2032-02-29 00:00:00"],
        );
    }

    #[test]
    fn special_days_may_stand_beside_numbers() {
        let new_year = "2026-01-01T00:00:00";
        next(
            "0 0 12 L * ?",
            new_year,
            &["2026-01-31 12:00:00", "2026-02-28 12:00:00"],
        );
        next(
            "0 0 12 L-3 * ?",
            new_year,
            &["2026-01-28 12:00:00", "2026-02-25 12:00:00"],
        );
        next("0 0 12 lw * ?", new_year, &["2026-01-30 12:00:00"]);
        next(
            "0 0 12 15W * ?",
            new_year,
            &["2026-01-15 12:00:00", "2026-02-16 12:00:00"],
        );
        next(
            "0 0 12 1,15,L * ?",
            new_year,
            &[
                "2026-01-01 12:00:00",
                "2026-01-15 12:00:00",
                "2026-01-31 12:00:00",
            ],
        );
        next(
            "0 0 12 ? * 6#3",
            new_year,
            &["2026-01-16 12:00:00", "2026-02-20 12:00:00"],
        );
        next("0 0 12 ? * FRI#2", new_year, &["2026-01-09 12:00:00"]);
        next(
            "0 0 12 ? * 6L",
            new_year,
            &["2026-01-30 12:00:00", "2026-02-27 12:00:00"],
        );
        next("0 0 12 ? * friL", new_year, &["2026-01-30 12:00:00"]);
        next(
            "0 0 12 ? * MON#1,MON#3",
            new_year,
            &["2026-01-05 12:00:00", "2026-01-19 12:00:00"],
        );
        next(
            "0 0 12 ? * L",
            new_year,
            &["2026-01-03 12:00:00", "2026-01-10 12:00:00"],
        );
        // Seconds do not make the way to the day longer.
        next(
            "* * * L 2 ? 2096",
            new_year,
            &["2096-02-29 00:00:00", "2096-02-29 00:00:01"],
        );
        // A February with five Mondays.
        next("0 0 0 ? 2 MON#5", new_year, &["2044-02-29 00:00:00"]);
    }

    #[test]
    fn five_fields_count_days_as_crontab_does() {
        // January 1, 2026 is a Thursday.
        let new_year = "2026-01-01T00:00:00";
        next(
            "30 8 * * 1-5",
            new_year,
            &[
                "2026-01-01 08:30:00",
                "2026-01-02 08:30:00",
                "2026-01-05 08:30:00",
            ],
        );
        for sunday in ["0", "7", "SUN", "sun"] {
            next(
                &format!("0 0 * * {sunday}"),
                new_year,
                &["2026-01-04 00:00:00", "2026-01-11 00:00:00"],
            );
        }
        next(
            "0 0 * * 5-7",
            new_year,
            &[
                "2026-01-02 00:00:00",
                "2026-01-03 00:00:00",
                "2026-01-04 00:00:00",
                "2026-01-09 00:00:00",
            ],
        );
        next(
            "0 0 * * 0-7",
            new_year,
            &[
                "2026-01-02 00:00:00",
                "2026-01-03 00:00:00",
                "2026-01-04 00:00:00",
            ],
        );
        next("*/5 * * * *", new_year, &["2026-01-01 00:05:00"]);
        next("0 12 * * FRI#2", new_year, &["2026-01-09 12:00:00"]);
        next("0 12 L * *", new_year, &["2026-01-31 12:00:00"]);
    }

    #[track_caller]
    fn refused(text: &str, message: &str, remedy: &str) {
        let error = Cron::parse(text).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.remedy().contains(remedy), "{}", error.remedy());
    }

    #[test]
    fn a_part_that_cannot_be_is_named_with_its_field_and_what_would_be_right() {
        #[track_caller]
        fn case(text: &str, part: &str, problem: &str, remedy: &str) {
            let (field, found) = part.split_once(": ").unwrap();
            let message = format!("{field} `{found}` of the cron expression {problem}");
            refused(text, &message, remedy);
        }
        let unreadable = "cannot be read";
        case("0 60 * * * ?", "minute: 60", "is not 0 to 59", "0 to 59");
        case(
            "0 0 24 * * ?",
            "hour: 24",
            "is not 0 to 23",
            "the hour is 0 to 23",
        );
        case("0 0 0 0 * ?", "day of month: 0", "is not 1 to 31", "`15W`");
        case(
            "0 0 0 ? 13 *",
            "month: 13",
            "is not 1 to 12",
            "`JAN` to `DEC`",
        );
        case(
            "0 0 0 ? * 0",
            "day of week: 0",
            "is not 1 to 7",
            "Sunday is 1",
        );
        case(
            "0 0 0 ? * MONDAY",
            "day of week: MONDAY",
            unreadable,
            "`SUN` to `SAT`",
        );
        let question = "has a `?`, which stands for a whole day field only";
        case("? 0 0 * * *", "second: ?", question, "0 to 59");
        let step = "has a step that is not 1 to 60";
        case("0 0/0 0 * * *", "minute: 0/0", step, "steps");
        case("0 0/61 0 * * *", "minute: 0/61", step, "steps");
        case("0 1,,2 0 * * *", "minute: ", unreadable, "lists");
        case("0 1--2 0 * * *", "minute: 1--2", unreadable, "ranges");
        case(
            "0 0 0 1 1 ? 2030-2029",
            "year: 2030-2029",
            "goes backwards",
            "1970 to 2099",
        );
        case(
            "0 0 0 1 1 ? 2100",
            "year: 2100",
            "is not 1970 to 2099",
            "1970 to 2099",
        );
        let nth = "needs 1 to 5 behind `#`";
        case("0 0 0 ? * FRI#6", "day of week: FRI#6", nth, "`FRI#2`");
        let workday = "needs a day from 1 to 31 before `W`";
        case("0 0 0 W * ?", "day of month: W", workday, "`15W`");
        let last = "needs `-` and up to 30 behind `L`";
        case("0 0 0 L3 * ?", "day of month: L3", last, "`L-3`");
        let two = "could mean two days; write the name of the day, such as `FRI`";
        case("0 0 * * 5#2", "day of week: 5#2", two, "`FRI#2`");
        case(
            "0 0 * * 8",
            "day of week: 8",
            "is not 0 to 7",
            "with five fields it is 0",
        );
    }

    #[test]
    fn an_expression_that_cannot_be_is_refused_with_what_would_be_right() {
        let fields =
            |found: &str| format!("a cron expression has 5, 6 or 7 fields, and `{found}` has");
        refused(
            "0 0 * *",
            &format!("{} 4", fields("0 0 * *")),
            "`0 30 8 ? * MON-FRI`",
        );
        refused("@daily", &format!("{} 1", fields("@daily")), "crontab");
        let neither =
            "day of month and day of week cannot both be `?`: one of them says on which days";
        refused("0 0 0 ? * ?", neither, "`*`");
        let both = "day of month `1` and day of week `MON` cannot both be set: \
                    whether one or both of them must hold is read in two ways";
        refused(
            "0 0 8 1 * MON",
            both,
            "write `0 0 8 1 * ?` or `0 0 8 ? * MON`",
        );
        refused("0 8 1 * MON", both, "write `0 8 1 * *` or `0 8 * * MON`");
        let with_year = "write `0 0 8 1 * ? 2030` or `0 0 8 ? * MON 2030`";
        refused("0 0 8 1 * MON 2030", both, with_year);
        for never in ["0 0 0 31 2 ?", "0 0 0 29 2 ? 2027", "0 0 0 31W 2 ?"] {
            let message = format!("`{never}` never fires: no date before 2100 is like that");
            refused(never, &message, "together");
        }
    }

    #[test]
    fn times_are_counted_as_if_gone_through() {
        #[track_caller]
        fn case(text: &str, after: &str, until: &str) {
            let cron = Cron::parse(text).unwrap();
            let (after, until) = (after.parse().unwrap(), until.parse().unwrap());
            let all = std::iter::successors(cron.next_after(after), |at| cron.next_after(*at));
            let expected = all.take_while(|at| *at <= until).count() as u64;
            assert_eq!(
                cron.count_between(after, until),
                expected,
                "{text} {after} {until}"
            );
        }
        for text in [
            "*/7 3,50 8-10 * * ?",
            "0 */15 * * * *",
            "0 0 12 15W,L * ?",
            "0 0 12 ? FEB-MAY FRI#2",
            "30 8 * * 1-5",
            "0 0 0 29 2 ? 2020-2030",
        ] {
            case(text, "2025-12-31T12:00:00", "2027-03-01T08:03:07");
            case(text, "2026-01-01T00:00:00", "2026-02-28T12:00:00");
            case(text, "2026-05-29T08:03:06", "2026-05-29T08:03:07");
            case(text, "2026-05-29T09:03:07", "2026-05-29T09:50:59");
            case(text, "2099-12-30T09:03:07", "2101-01-01T00:00:00");
        }
        let seconds = Cron::parse("* * * * * *").unwrap();
        assert_eq!(
            seconds.count_between(DateTime::MIN, DateTime::MAX),
            4_102_444_800
        );
    }

    #[test]
    fn nothing_fires_after_the_last_year() {
        let cron = Cron::parse("0 0 0 * * *").unwrap();
        assert_eq!(
            cron.next_after("2099-12-31T00:00:00".parse().unwrap()),
            None
        );
        assert_eq!(cron.next_after(DateTime::MAX), None);
        let first = cron.next_after(DateTime::MIN).unwrap();
        assert_eq!(first.to_string(), "1970-01-01T00:00:00");
    }
}
