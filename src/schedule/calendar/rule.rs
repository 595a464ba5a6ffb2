//! Recurrence rules of iCalendar. The crate `rrule` goes through their dates on a calendar without time
//! zones; this is the only file that names it.
//!
//! A rule is bounded before it is accepted: at most a start an hour, and a span of at most a year, so
//! that a look at one moment is a look at some thousand dates at most, however long ago it began.

use chrono::DateTime as Utc;
use jiff::civil::DateTime;
use jiff::{Span, Unit};
use rrule::{Frequency, RRule, RRuleSet, Tz, Unvalidated};

use super::error::CalendarProblem;
use crate::schedule::zoneless::{as_if_utc, civil};

/// Most starts of a day.
const STARTS: usize = 24;

/// Most dates of a rule with `COUNT`, which have to be gone through from the first.
const COUNTED: u32 = 10_000;

/// The dates of a recurrence rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    every: RRule,
    first: DateTime,
    last: Option<DateTime>,
}

impl Rule {
    /// Reads a rule without its `UNTIL`, which is `last`, for dates from `first` on.
    pub(super) fn parse(
        text: &str,
        first: DateTime,
        last: Option<DateTime>,
    ) -> Result<Self, CalendarProblem> {
        let unreadable = |error: rrule::RRuleError| CalendarProblem::Rule {
            reason: error.to_string(),
        };
        let never = CalendarProblem::Never;
        // The crate cuts weekdays by bytes: another letter would end the process.
        if let Some(odd) = text.chars().find(|letter| !letter.is_ascii()) {
            return Err(CalendarProblem::Rule {
                reason: format!("it holds {odd:?}, which no rule has"),
            });
        }
        let rule: RRule<Unvalidated> = text.parse().map_err(unreadable)?;
        let rule = rule
            .validate(utc(first).ok_or(never.clone())?)
            .map_err(unreadable)?;
        let hours = match rule.get_freq() {
            Frequency::Secondly | Frequency::Minutely => STARTS + 1,
            Frequency::Hourly => STARTS,
            _ => rule.get_by_hour().len().max(1),
        };
        let times = [
            rule.get_by_minute().len().max(1),
            rule.get_by_second().len().max(1),
        ];
        if times
            .iter()
            .fold(hours, |all, times| all.saturating_mul(*times))
            > STARTS
        {
            return Err(CalendarProblem::TooMany {
                what: "starts a day by one rule",
                limit: STARTS,
            });
        }
        if rule.get_count().is_some_and(|count| count > COUNTED) {
            return Err(CalendarProblem::TooMany {
                what: "dates by `COUNT`",
                limit: COUNTED as usize,
            });
        }
        let rule = Self {
            every: rule,
            first,
            last,
        };
        match rule.from(first).next() {
            Some(_) => Ok(rule),
            None => Err(never),
        }
    }

    /// Returns the dates from `from` to `until`, in order, both included.
    pub(super) fn between(
        &self,
        from: DateTime,
        until: DateTime,
    ) -> impl Iterator<Item = DateTime> {
        let until = self.last.map_or(until, |last| last.min(until));
        let dates = (self.first <= until).then(|| self.from(from));
        let dates = dates.into_iter().flatten();
        dates
            .skip_while(move |date| *date < from)
            .take_while(move |date| *date <= until)
    }

    /// Goes through the dates, beginning not after `from`.
    fn from(&self, from: DateTime) -> impl Iterator<Item = DateTime> + use<> {
        let start = utc(self.near(from));
        let dates = start.map(|start| RRuleSet::new(start).rrule(self.every.clone()).limit());
        let dates = dates.as_ref().map(IntoIterator::into_iter);
        dates.into_iter().flatten().map_while(|date| civil(&date))
    }

    /// Returns a time not after `from` from which the rule goes on as from its first: whole intervals
    /// later, on a day that every such year has.
    fn near(&self, from: DateTime) -> DateTime {
        if self.every.get_count().is_some() || from <= self.first {
            return self.first;
        }
        let interval = i64::from(self.every.get_interval()).max(1);
        let (unit, step) = match self.every.get_freq() {
            Frequency::Yearly => (Unit::Year, lcm(interval, 4)),
            Frequency::Monthly => (Unit::Month, lcm(interval, 48)),
            Frequency::Weekly => (Unit::Week, interval),
            Frequency::Daily => (Unit::Day, interval),
            Frequency::Hourly | Frequency::Minutely | Frequency::Secondly => (Unit::Hour, interval),
        };
        let Ok(passed) = self.first.until((unit, from)) else {
            return self.first;
        };
        let passed = match unit {
            Unit::Year => i64::from(passed.get_years()),
            Unit::Month => i64::from(passed.get_months()),
            Unit::Week => i64::from(passed.get_weeks()),
            Unit::Day => i64::from(passed.get_days()),
            _ => i64::from(passed.get_hours()),
        };
        // One less, as the year of `from` may have dates before `from`.
        let steps = (passed / step - 1).max(0) * step;
        let span = match unit {
            Unit::Year => Span::new().try_years(steps),
            Unit::Month => Span::new().try_months(steps),
            Unit::Week => Span::new().try_weeks(steps),
            Unit::Day => Span::new().try_days(steps),
            _ => Span::new().try_hours(steps),
        };
        let near = span.and_then(|span| self.first.checked_add(span));
        // In 2100 there is no February 29.
        near.ok()
            .filter(|near| near.day() == self.first.day() || unit < Unit::Month)
            .unwrap_or(self.first)
    }
}

fn lcm(left: i64, right: i64) -> i64 {
    let (mut a, mut b) = (left, right);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    left / a * right
}

fn utc(civil: DateTime) -> Option<Utc<Tz>> {
    Some(as_if_utc(civil)?.with_timezone(&Tz::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    #[test]
    fn a_rule_with_letters_that_no_rule_has_is_refused() {
        #[track_caller]
        fn case(text: &str) {
            let refused = Rule::parse(text, at("2019-03-04T08:00"), None).unwrap_err();
            let said = refused.to_string();
            assert!(said.contains("which no rule has"), "{text}: {said}");
        }
        case("FREQ=WEEKLY;BYDAY=MO,-\u{439}R");
        case("FREQ=WEEKLY;BYDAY=\u{10400}");
        case("FREQ=W\u{130}EKLY");
    }

    #[test]
    fn a_rule_taken_up_late_goes_on_as_from_its_first_date() {
        #[track_caller]
        fn case(text: &str, first: &str) {
            let rule = Rule::parse(text, at(first), None).unwrap();
            let all: Vec<_> = rule
                .from(rule.first)
                .take_while(|date| *date < at("2060-01-01T00:00"))
                .collect();
            for (from, until) in [
                ("2020-02-29T00:00", "2020-03-31T23:59"),
                ("2024-01-01T00:00", "2024-12-31T00:00"),
                ("2031-05-07T11:30", "2035-05-07T11:30"),
                ("2059-01-01T00:00", "2059-12-31T00:00"),
            ] {
                let (from, until) = (at(from), at(until));
                let within = all.iter().filter(|date| (from..=until).contains(*date));
                let expected: Vec<_> = within.copied().collect();
                let found: Vec<_> = rule.between(from, until).collect();
                assert_eq!(found, expected, "{text} from {from}");
            }
        }
        case("FREQ=DAILY", "2019-03-04T08:00");
        case("FREQ=DAILY;INTERVAL=17;BYMONTH=3,4,12", "2019-03-04T08:00");
        case(
            "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SU;WKST=SU",
            "2019-03-04T08:00",
        );
        case(
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;BYHOUR=1,13",
            "2018-12-31T08:00",
        );
        case("FREQ=MONTHLY;INTERVAL=5", "2019-01-31T08:00");
        case("FREQ=MONTHLY;BYDAY=-1FR,2MO", "2019-01-31T08:00");
        case(
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;INTERVAL=7",
            "2019-01-31T08:00",
        );
        case("FREQ=YEARLY", "2016-02-29T08:00");
        case(
            "FREQ=YEARLY;INTERVAL=3;BYWEEKNO=1,53;BYDAY=TH",
            "2019-01-31T08:00",
        );
        case("FREQ=YEARLY;BYYEARDAY=-1,100", "2019-01-31T08:00");
        case("FREQ=HOURLY;INTERVAL=7", "2019-01-31T08:00");
        case("FREQ=HOURLY;INTERVAL=6;BYDAY=SA", "2019-01-31T08:30");
        case("FREQ=DAILY;COUNT=2000;INTERVAL=2", "2019-01-31T08:30");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test measures time")]
    fn rules_that_are_made_to_take_long_do_not() {
        let begin = std::time::Instant::now();
        let hopeless = [
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=YEARLY;INTERVAL=65535;BYMONTH=2;BYMONTHDAY=31",
            "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31;BYMONTH=4",
            "FREQ=DAILY;INTERVAL=0",
        ];
        for text in hopeless {
            assert!(
                Rule::parse(text, at("2026-01-01T00:00"), None).is_err(),
                "{text}"
            );
        }
        let rare = Rule::parse(
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
            at("1970-01-01T00:00"),
            None,
        );
        let rare = rare.unwrap();
        for year in 2020..2060 {
            let from = DateTime::new(year, 1, 1, 0, 0, 0, 0).unwrap();
            let found = rare
                .between(from, from.saturating_add(Span::new().days(365)))
                .count();
            assert_eq!(found, usize::from(year == 2044), "{year}");
        }
        assert!(
            begin.elapsed() < std::time::Duration::from_secs(20),
            "{:?}",
            begin.elapsed()
        );
    }
}
