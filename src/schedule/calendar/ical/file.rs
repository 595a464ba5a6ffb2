//! A whole iCalendar text.

use std::collections::HashMap;

use super::event::Event;
use super::line::{Line, lines};
use crate::schedule::calendar::entry::{Calendar, ENTRIES};
use crate::schedule::calendar::error::{CalendarError, CalendarProblem, Place};
use crate::schedule::zone::Zone;

/// Most bytes of a text.
const SIZE: usize = 4 << 20;

impl Calendar {
    /// Reads the events of an iCalendar text, each of them a blackout; those that are canceled are left
    /// out. Times without a zone are on the clocks of `zone`. Zones are known by their IANA name, also
    /// where the text describes them; recurrence rules hold on the clocks of the event, with the same
    /// rule for gaps and overlaps as schedules. A text with a mistake is refused as a whole.
    pub fn from_ical(text: &str, zone: &Zone) -> Result<Self, CalendarError> {
        if text.len() > SIZE {
            let what = "bytes in a calendar";
            return Err(CalendarProblem::TooMany { what, limit: SIZE }.at(Place::All));
        }
        let events = events(text)?;
        let mut replaced: HashMap<&str, Vec<Line>> = HashMap::new();
        for event in &events {
            if let (Some(uid), Some(line)) = (&event.uid, &event.instead_of) {
                replaced.entry(uid).or_default().push(line.clone());
            }
        }
        let mut entries = Vec::new();
        for event in events.iter().filter(|event| !event.cancelled) {
            let uid = event.uid.as_deref().filter(|_| event.instead_of.is_none());
            let replaced = uid.and_then(|uid| replaced.get(uid));
            entries.extend(event.entries(zone, replaced.map_or(&[], Vec::as_slice))?);
            if entries.len() > ENTRIES {
                let what = "dates in a calendar";
                let problem = CalendarProblem::TooMany {
                    what,
                    limit: ENTRIES,
                };
                return Err(problem.at(Place::All));
            }
        }
        Ok(Self::new(entries))
    }
}

/// Reads the events of a text.
fn events(text: &str) -> Result<Vec<Event>, CalendarError> {
    let mut open: Vec<String> = Vec::new();
    let mut event: Option<Event> = None;
    let mut events = Vec::new();
    let mut last = 0;
    for line in lines(text) {
        let line = line?;
        last = line.number;
        let component = line.value.trim().to_ascii_uppercase();
        match line.name.as_str() {
            _ if open.is_empty() && (line.name != "BEGIN" || component != "VCALENDAR") => {
                return Err(line.error(CalendarProblem::NotICalendar));
            }
            "BEGIN" => {
                open.push(component);
                if open.len() == 2 && open[1] == "VEVENT" {
                    event = Some(Event::new(line));
                }
            }
            "END" => {
                let found = open.pop().filter(|open| *open == component);
                if found.is_none() {
                    let found = component;
                    return Err(line.error(CalendarProblem::Nesting { found }));
                }
                if open.len() == 1 {
                    events.extend(event.take());
                }
            }
            // What is inside of an event has its own times.
            _ if open.len() == 2 => {
                if let Some(event) = &mut event {
                    event.take(line)?;
                }
            }
            _ => {}
        }
    }
    match open.pop() {
        Some(found) => Err(CalendarProblem::Nesting { found }.at(Place::Line(last))),
        None if last == 0 => Err(CalendarProblem::NotICalendar.at(Place::All)),
        None => Ok(events),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Zone {
        Zone::parse("Europe/Berlin").unwrap()
    }

    /// Puts the lines of an event into a calendar.
    fn event(lines: &str) -> String {
        format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nSUMMARY:Freeze\\, really\n{lines}\n\
             END:VEVENT\nEND:VCALENDAR\n"
        )
    }

    #[track_caller]
    fn case(text: &str, at: &str, until: Option<&str>) {
        let calendar =
            Calendar::from_ical(text, &berlin()).unwrap_or_else(|error| panic!("{error}"));
        let found = calendar.covers(at.parse().unwrap());
        assert_eq!(
            found.map(|found| found.until.to_string()).as_deref(),
            until,
            "{at}"
        );
    }

    #[test]
    fn one_event_is_covered_in_every_form_of_time() {
        let utc = event("DTSTART:20260501T100000Z\nDTEND:20260501T120000Z");
        case(&utc, "2026-05-01T09:59:59Z", None);
        case(&utc, "2026-05-01T10:00:00Z", Some("2026-05-01T12:00:00Z"));
        case(&utc, "2026-05-01T12:00:00Z", None);
        let zoned = event("DTSTART;TZID=Asia/Shanghai:20260501T100000\nDURATION:PT2H");
        case(&zoned, "2026-05-01T02:00:00Z", Some("2026-05-01T04:00:00Z"));
        let made =
            event("DTSTART;TZID=/example.com/zones/Asia/Shanghai:20260501T100000\nDURATION:PT2H");
        case(&made, "2026-05-01T02:00:00Z", Some("2026-05-01T04:00:00Z"));
        let floating = event("DTSTART:20260501T100000\nDTEND:20260501T120000");
        case(
            &floating,
            "2026-05-01T08:00:00Z",
            Some("2026-05-01T10:00:00Z"),
        );
        let days = event("DTSTART;VALUE=DATE:20261024\nDTEND;VALUE=DATE:20261026");
        case(&days, "2026-10-23T22:00:00Z", Some("2026-10-25T23:00:00Z"));
        let day = event("DTSTART;VALUE=DATE:20261225");
        case(&day, "2026-12-25T22:59:59Z", Some("2026-12-25T23:00:00Z"));
        let name = Calendar::from_ical(&day, &berlin()).unwrap();
        let covered = name.covers("2026-12-25T12:00:00Z".parse().unwrap());
        assert_eq!(covered.unwrap().name, "Freeze, really");
    }

    #[test]
    fn rules_hold_on_the_clocks_of_the_event() {
        let weekly = event(
            "DTSTART;TZID=Europe/Berlin:20200106T090000\nDTEND;TZID=Europe/Berlin:20200106T173000\n\
             RRULE:FREQ=WEEKLY;BYDAY=MO,FR\nEXDATE;TZID=Europe/Berlin:20260605T090000",
        );
        case(
            &weekly,
            "2026-06-01T07:00:00Z",
            Some("2026-06-01T15:30:00Z"),
        );
        case(
            &weekly,
            "2026-12-04T08:00:00Z",
            Some("2026-12-04T16:30:00Z"),
        );
        case(&weekly, "2026-06-05T07:00:00Z", None);
        case(&weekly, "2019-12-30T10:00:00Z", None);
        let yearly =
            event("DTSTART;VALUE=DATE:20241224\nDTEND;VALUE=DATE:20241227\nRRULE:FREQ=YEARLY");
        case(
            &yearly,
            "2098-12-25T12:00:00Z",
            Some("2098-12-26T23:00:00Z"),
        );
        let last_friday = event(
            "DTSTART:20240126T180000\nDURATION:P2DT12H\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;INTERVAL=2",
        );
        case(
            &last_friday,
            "2026-01-30T17:00:00Z",
            Some("2026-02-02T05:00:00Z"),
        );
        case(&last_friday, "2026-02-27T17:00:00Z", None);
        let leap = event("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY");
        case(&leap, "2096-02-29T12:00:00Z", Some("2096-02-29T23:00:00Z"));
        case(&leap, "2095-03-01T12:00:00Z", None);
        let until = event(
            "DTSTART;TZID=Asia/Shanghai:20260101T000000\nDURATION:PT1H\n\
             RRULE:FREQ=DAILY;UNTIL=20260103T155959Z",
        );
        case(&until, "2026-01-02T16:30:00Z", Some("2026-01-02T17:00:00Z"));
        case(&until, "2026-01-03T16:30:00Z", None);
        let counted = event("DTSTART:20260101T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3");
        case(
            &counted,
            "2026-01-03T00:30:00Z",
            Some("2026-01-03T01:00:00Z"),
        );
        case(&counted, "2026-01-04T00:30:00Z", None);
        let added = event(
            "DTSTART:20260101T000000Z\nDURATION:PT1H\nRDATE:20260301T000000Z,20260302T000000Z\n\
             RDATE;VALUE=PERIOD:20260401T000000Z/PT3H",
        );
        case(&added, "2026-03-02T00:30:00Z", Some("2026-03-02T01:00:00Z"));
        case(&added, "2026-04-01T02:30:00Z", Some("2026-04-01T03:00:00Z"));
    }

    #[test]
    fn one_date_of_a_rule_may_be_moved_or_canceled() {
        let moved = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20260101T000000Z\nDURATION:PT1H\n\
            RRULE:FREQ=DAILY\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT\n\
            BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20260103T000000Z\nDTSTART:20260103T060000Z\n\
            DURATION:PT1H\nEND:VEVENT\n\
            BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20260104T000000Z\nDTSTART:20260104T000000Z\n\
            DURATION:PT1H\nSTATUS:CANCELLED\nEND:VEVENT\nEND:VCALENDAR\n";
        case(moved, "2026-01-02T00:30:00Z", Some("2026-01-02T01:00:00Z"));
        case(moved, "2026-01-03T00:30:00Z", None);
        case(moved, "2026-01-03T06:30:00Z", Some("2026-01-03T07:00:00Z"));
        case(moved, "2026-01-04T00:30:00Z", None);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_line() {
        #[track_caller]
        fn case(text: &str, message: &str) {
            let error = Calendar::from_ical(text, &Zone::UTC).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        let needs = "calendar: an iCalendar file begins with `BEGIN:VCALENDAR`";
        case("", needs);
        case(
            "BEGIN:VCARD\nEND:VCARD\n",
            &needs.replace("calendar:", "line 1:"),
        );
        case(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\n",
            "line 2: `VEVENT` is expected to end before this",
        );
        case(
            "BEGIN:VCALENDAR\nEND:VEVENT\n",
            "line 2: `VEVENT` is expected to end before this",
        );
        let start = "DTSTART:20260101T000000Z\nDURATION:PT1H";
        case(&event("UID:1"), "line 3: an entry needs `DTSTART`");
        case(
            &event("DTSTART:20260101T000000Z"),
            "line 3: an entry needs one of `DTEND` and `DURATION`",
        );
        case(
            &event("DTSTART:tomorrow\nDURATION:PT1H"),
            "line 5: `DTSTART` must be a time such as `20300102T030405Z` or a date such as `20300102`, not `tomorrow`",
        );
        case(
            &event(&format!("{start}\n{start}")),
            "line 7: `DTSTART` occurs twice in one entry",
        );
        case(
            &event("DTSTART;TZID=Mars:20260101T000000\nDURATION:PT1H"),
            "line 5: there is no time zone `Mars`; use the IANA name, such as `Europe/Berlin`",
        );
        case(
            &event("DTSTART:20260101T000000Z\nDTEND:20260101T000000Z"),
            "line 6: the end is not after the start",
        );
        let often = "line 7: more than 24 starts a day by one rule";
        case(&event(&format!("{start}\nRRULE:FREQ=SECONDLY")), often);
        case(
            &event(&format!("{start}\nRRULE:FREQ=MINUTELY;INTERVAL=60")),
            often,
        );
        case(
            &event(&format!(
                "{start}\nRRULE:FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=1,2,3,4,5,6,7,8,9"
            )),
            often,
        );
        case(
            &event(&format!("{start}\nRRULE:FREQ=DAILY;COUNT=10001")),
            "line 7: more than 10000 dates by `COUNT`",
        );
        case(
            &event(&format!(
                "{start}\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
            )),
            "line 7: the rule has no date",
        );
        case(
            &event("DTSTART:20260101T000000Z\nDURATION:P400D\nRRULE:FREQ=YEARLY"),
            "line 7: a repeated event of more than a year is not supported; write an event for each time",
        );
        case(
            &event(&format!("{start}\nEXRULE:FREQ=DAILY")),
            "line 7: `EXRULE` is not supported; list the dates in `EXDATE`",
        );
    }
}
