//! Blackouts written out as a list: spans, whole days, windows of each week.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use super::entry::{Calendar, ENTRIES, Entry, Length, Repeated, Times};
use super::error::{CalendarError, CalendarProblem, Place};
use super::rule::Rule;
use crate::base::value::{Map, Value, find, text};
use crate::schedule::error::Property;
use crate::schedule::moment::moment;
use crate::schedule::zone::Zone;

/// The keys of an entry.
const KEYS: [&str; 6] = ["Name", "From", "To", "Dates", "Weekly", "TimeZone"];

/// A Monday from which windows of a week are counted.
const MONDAY: Date = Date::constant(1970, 1, 5);

const DAY: i64 = 24 * 60 * 60;

/// The days of a week as they are written, with the words of recurrence rules.
const DAYS: [(&str, &str); 7] = [
    ("MON", "MO"),
    ("TUE", "TU"),
    ("WED", "WE"),
    ("THU", "TH"),
    ("FRI", "FR"),
    ("SAT", "SA"),
    ("SUN", "SU"),
];

impl Calendar {
    /// Reads a list of blackouts. Each has `From` and `To` (times, `To` not included), or `Dates` (whole
    /// days), or `Weekly` (such as `MON-FRI 09:00-17:30`, over midnight if the end is not after the
    /// start; whole days without times); all of them on the clocks of `TimeZone`, or else of `zone`.
    /// Keys in any case; `Name` is how it is called.
    pub fn from_value(value: &Value, zone: &Zone) -> Result<Self, CalendarError> {
        let wanted = "a list of entries";
        let Value::Array(list) = value else {
            return Err(wrong("Blackouts", wanted, value).at(Place::All));
        };
        let mut entries = Vec::new();
        for (value, number) in list.iter().zip(1..) {
            let added = match value {
                Value::Object(map) => read(map, zone),
                other => Err(wrong("an entry", "a map", other)),
            };
            entries.extend(added.map_err(|problem| problem.at(Place::Entry(number)))?);
            if entries.len() > ENTRIES {
                let what = "dates in a calendar";
                let problem = CalendarProblem::TooMany {
                    what,
                    limit: ENTRIES,
                };
                return Err(problem.at(Place::Entry(number)));
            }
        }
        Ok(Self::new(entries))
    }
}

fn read(map: &Map, zone: &Zone) -> Result<Vec<Entry>, CalendarProblem> {
    if let Some(name) = map.keys().find(|key| !is_key(key)) {
        let name = name.clone();
        return Err(CalendarProblem::UnknownKey { name });
    }
    let given = |key: &str| find(map, key).filter(|value| !value.is_null());
    let zone = match given("TimeZone").map(text) {
        Some(name) => {
            Zone::parse(&name).map_err(|_| CalendarProblem::UnknownZone { found: name })?
        }
        None => zone.clone(),
    };
    let name = given("Name").map(text);
    let kinds = (given("From"), given("To"), given("Dates"), given("Weekly"));
    let times = match kinds {
        (Some(from), Some(to), None, None) => vec![span(from, to, &zone)?],
        (None, None, Some(Value::Array(dates)), None) => {
            let days = dates.iter().map(|date| whole_day(date, &zone));
            days.collect::<Result<_, _>>()?
        }
        (None, None, Some(date), None) => vec![whole_day(date, &zone)?],
        (None, None, None, Some(weekly)) => vec![window(&text(weekly), &zone)?],
        _ => {
            let wanted = "`From` and `To`, or `Dates`, or `Weekly`, and no two of these";
            return Err(CalendarProblem::Missing { wanted });
        }
    };
    let named = |times| Entry {
        name: name.clone().unwrap_or_else(|| "blackout".to_owned()),
        times,
    };
    Ok(times.into_iter().map(named).collect())
}

fn is_key(key: &str) -> bool {
    KEYS.iter().any(|known| known.eq_ignore_ascii_case(key))
}

fn wrong(name: &str, wanted: &'static str, found: &Value) -> CalendarProblem {
    CalendarProblem::Value {
        name: name.to_owned(),
        wanted,
        found: text(found),
    }
}

fn span(from: &Value, to: &Value, zone: &Zone) -> Result<Times, CalendarProblem> {
    let read = |name: &str, value: &Value| {
        let wanted = "a time such as `2030-01-02T03:04:05`";
        moment(Property::StartDate, &text(value), zone).map_err(|_| wrong(name, wanted, value))
    };
    let (from, until) = (read("From", from)?, read("To", to)?);
    if from >= until {
        return Err(CalendarProblem::Empty);
    }
    Ok(Times::Once { from, until })
}

fn whole_day(value: &Value, zone: &Zone) -> Result<Times, CalendarProblem> {
    let wrong = || wrong("Dates", "dates such as `2030-12-24`", value);
    let date: Date = text(value).trim().parse().map_err(|_| wrong())?;
    let (from, until) = Length::days(1).span(date.into(), zone).ok_or_else(wrong)?;
    Ok(Times::Once { from, until })
}

/// Reads a window such as `MON-FRI 09:00-17:30`.
fn window(text: &str, zone: &Zone) -> Result<Times, CalendarProblem> {
    let wrong = || {
        let wanted = "days and times such as `MON-FRI 09:00-17:30`";
        wrong("Weekly", wanted, &text.into())
    };
    let (days, times) = match text.trim().split_once(char::is_whitespace) {
        Some((days, times)) => (days, Some(times.trim())),
        None => (text.trim(), None),
    };
    let days = weekdays(days).ok_or_else(wrong)?;
    let (start, length) = match times {
        None => (Time::midnight(), Length::days(1)),
        Some(times) => {
            let (from, to) = times.split_once('-').ok_or_else(wrong)?;
            let from = seconds(from).filter(|from| *from < DAY).ok_or_else(wrong)?;
            let to = seconds(to).ok_or_else(wrong)?;
            let over_midnight = if to <= from { DAY } else { 0 };
            let start = Time::midnight().saturating_add(SignedDuration::from_secs(from));
            let shown = SignedDuration::from_secs(to + over_midnight - from);
            (start, Length::shown(shown))
        }
    };
    let rule = format!("FREQ=WEEKLY;BYDAY={}", days.join(","));
    Ok(Times::Repeated(Box::new(Repeated {
        rule: Rule::parse(&rule, DateTime::from_parts(MONDAY, start), None)?,
        except: BTreeSet::new(),
        length,
        zone: zone.clone(),
    })))
}

/// Reads days and ranges of days, which may go over the end of the week.
fn weekdays(text: &str) -> Option<Vec<&'static str>> {
    let place = |name: &str| {
        let mut days = DAYS.iter();
        days.position(|(day, _)| day.eq_ignore_ascii_case(name.trim()))
    };
    let mut days = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (place(from)?, place(to)?);
        let count = (to + DAYS.len() - from) % DAYS.len();
        days.extend((0..=count).map(|passed| DAYS[(from + passed) % DAYS.len()].1));
    }
    Some(days)
}

/// Reads a time of day up to `24:00` as seconds since midnight.
fn seconds(text: &str) -> Option<i64> {
    match text.trim() {
        "24:00" => Some(DAY),
        text => {
            let time: Time = text.parse().ok()?;
            Some(time.duration_since(Time::midnight()).as_secs())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn case(value: &Value, at: &str, expected: Option<(&str, &str)>) {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let calendar = Calendar::from_value(value, &zone).unwrap_or_else(|error| panic!("{error}"));
        let found = calendar.covers(at.parse().unwrap());
        let found = found.map(|blackout| (blackout.name, blackout.until.to_string()));
        let expected = expected.map(|(name, until)| (name, until.to_owned()));
        assert_eq!(found, expected, "{at}");
    }

    #[test]
    fn spans_and_days_are_covered_from_their_first_to_their_last_moment() {
        let list = json!([
            {"Name": "change", "From": "2026-12-20T00:00:00", "To": "2027-01-05T00:00:00Z"},
            {"name": "holidays", "dates": ["2026-10-25", "2026-05-01"]},
        ]);
        case(&list, "2026-12-19T22:59:59Z", None);
        case(
            &list,
            "2026-12-19T23:00:00Z",
            Some(("change", "2027-01-05T00:00:00Z")),
        );
        case(
            &list,
            "2027-01-04T23:59:59Z",
            Some(("change", "2027-01-05T00:00:00Z")),
        );
        case(&list, "2027-01-05T00:00:00Z", None);
        // A day of 25 hours.
        case(
            &list,
            "2026-10-24T22:00:00Z",
            Some(("holidays", "2026-10-25T23:00:00Z")),
        );
        case(&list, "2026-10-25T23:00:00Z", None);
    }

    #[test]
    fn windows_of_a_week_go_by_the_clock() {
        let trading = json!([{"Name": "trading", "Weekly": "MON-WED,FRI 09:00-17:30"}]);
        case(&trading, "2026-06-01T06:59:59Z", None);
        case(
            &trading,
            "2026-06-01T07:00:00Z",
            Some(("trading", "2026-06-01T15:30:00Z")),
        );
        case(
            &trading,
            "2026-12-01T08:00:00Z",
            Some(("trading", "2026-12-01T16:30:00Z")),
        );
        case(&trading, "2026-06-04T10:00:00Z", None);
        let night = json!([{"Weekly": "fri-mon 22:00-06:00", "TimeZone": "Asia/Shanghai"}]);
        case(
            &night,
            "2026-06-05T14:00:00Z",
            Some(("blackout", "2026-06-05T22:00:00Z")),
        );
        case(
            &night,
            "2026-06-08T21:59:59Z",
            Some(("blackout", "2026-06-08T22:00:00Z")),
        );
        case(&night, "2026-06-09T15:00:00Z", None);
        // Clocks are changed in the midst of it.
        let sunday = json!([{"Name": "early", "Weekly": "SUN 00:00-06:00"}]);
        case(
            &sunday,
            "2026-03-29T03:59:59Z",
            Some(("early", "2026-03-29T04:00:00Z")),
        );
        case(
            &sunday,
            "2026-10-25T04:59:59Z",
            Some(("early", "2026-10-25T05:00:00Z")),
        );
        let weekend = json!([{"Name": "weekend", "Weekly": "SAT,SUN"}]);
        case(
            &weekend,
            "2026-06-06T12:00:00Z",
            Some(("weekend", "2026-06-06T22:00:00Z")),
        );
        case(
            &weekend,
            "1971-06-06T12:00:00Z",
            Some(("weekend", "1971-06-06T23:00:00Z")),
        );
    }

    #[test]
    fn of_several_the_one_that_ends_last_counts() {
        let list = json!([
            {"Name": "short", "Dates": "2026-05-01"},
            {"Name": "long", "From": "2026-05-01", "To": "2026-05-08"},
        ]);
        case(
            &list,
            "2026-05-01T12:00:00Z",
            Some(("long", "2026-05-07T22:00:00Z")),
        );
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_entry() {
        #[track_caller]
        fn case(value: &Value, message: &str) {
            let error = Calendar::from_value(value, &Zone::UTC).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        let parts =
            "entry 1: an entry needs `From` and `To`, or `Dates`, or `Weekly`, and no two of these";
        case(&json!([{"Name": "x"}]), parts);
        case(&json!([{"From": "2030-01-01"}]), parts);
        case(&json!([{"Dates": "2030-01-01", "Weekly": "MON"}]), parts);
        case(
            &json!([{"Dates": []}, {"Form": 1}]),
            "entry 2: `Form` is none of `Name`, `From`, `To`, `Dates`, `Weekly` and `TimeZone`",
        );
        case(
            &json!([{"From": "2030-01-02", "To": "2030-01-01"}]),
            "entry 1: the end is not after the start",
        );
        case(
            &json!([{"Weekly": "MON 25:00-26:00"}]),
            "entry 1: `Weekly` must be days and times such as `MON-FRI 09:00-17:30`, not `MON 25:00-26:00`",
        );
        case(
            &json!([{"Dates": ["soon"]}]),
            "entry 1: `Dates` must be dates such as `2030-12-24`, not `soon`",
        );
        let zone =
            "entry 1: there is no time zone `Mars`; use the IANA name, such as `Europe/Berlin`";
        case(&json!([{"Dates": "2030-01-01", "TimeZone": "Mars"}]), zone);
        case(
            &json!({}),
            "calendar: `Blackouts` must be a list of entries, not `{}`",
        );
        case(&json!(["x"]), "entry 1: `an entry` must be a map, not `x`");
    }
}
