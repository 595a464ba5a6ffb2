//! A schedule: when it fires, from when and until when.

use crate::base::time::Timestamp;
use crate::schedule::count::{count, second_before};
use crate::schedule::cron::Cron;
use crate::schedule::error::{Property, ScheduleError};
use crate::schedule::fire::{Fire, Fires, Note};
use crate::schedule::moment::moment;
use crate::schedule::rate::Rate;
use crate::schedule::zone::Zone;

/// The settings of a schedule as texts, called like the properties of `ACS::TimerTrigger`. A text
/// that is blank counts as not given.
#[derive(Clone, Copy, Debug)]
pub struct TimerSettings<'a> {
    /// `Type`: `cron`, `rate` or `at`.
    pub kind: &'a str,
    /// `Expression`.
    pub expression: &'a str,
    /// `TimeZone`: that of a cron expression and of a time of `at` without one; UTC if not given.
    pub time_zone: Option<&'a str>,
    /// `StartDate`: nothing fires before it. In UTC unless it says otherwise.
    pub start_date: Option<&'a str>,
    /// `EndDate`: nothing fires after it. In UTC unless it says otherwise.
    pub end_date: Option<&'a str>,
    /// When the schedule was started: from there intervals are counted if there is no `StartDate`.
    pub started: Timestamp,
}

/// When something fires. Fires are moments, each of them once, in order.
#[derive(Clone, Debug)]
pub struct Schedule {
    when: When,
    zone: Zone,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

#[derive(Clone, Debug)]
enum When {
    Cron(Box<Cron>),
    Rate { rate: Rate, first: i64 },
    At(Timestamp),
}

impl Schedule {
    /// Reads a schedule. With `rate`, the first fire is at `StartDate`, or else one interval after
    /// `started`, whose fraction of a second is dropped.
    pub fn parse(settings: &TimerSettings<'_>) -> Result<Self, ScheduleError> {
        let zone = match given(settings.time_zone) {
            Some(name) => Zone::parse(name)?,
            None => Zone::UTC,
        };
        let start = date(Property::StartDate, settings.start_date)?;
        let end = date(Property::EndDate, settings.end_date)?;
        if let (Some(start), Some(end)) = (start, end)
            && end < start
        {
            return Err(ScheduleError::EndBeforeStart {
                start: given(settings.start_date).unwrap_or_default().to_owned(),
                end: given(settings.end_date).unwrap_or_default().to_owned(),
            });
        }
        let when = When::parse(settings, &zone, start)?;
        if let When::At(at) = when
            && (start.is_some_and(|start| at < start) || end.is_some_and(|end| at > end))
        {
            let found = settings.expression.trim().to_owned();
            return Err(ScheduleError::OutsideDates { found });
        }
        Ok(Self {
            when,
            zone,
            start,
            end,
        })
    }

    /// Returns the zone whose clocks it goes by.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Returns the first moment at which it may fire, if there is one.
    pub fn start(&self) -> Option<Timestamp> {
        self.start
    }

    /// Returns the last moment at which it may fire, if there is one.
    pub fn end(&self) -> Option<Timestamp> {
        self.end
    }

    /// Returns the first fire after a moment; `None` if there is none any more.
    ///
    /// A time of a cron expression that clocks pass over fires at the first moment after the gap,
    /// together with all others of the gap; one that they show twice fires at the first of the two
    /// only. This holds for patterns such as every 15 minutes as well: in the second pass through an
    /// hour they are silent.
    pub fn next_after(&self, after: Timestamp) -> Option<Fire> {
        let fire = match &self.when {
            When::Cron(cron) => self.next_cron(cron, self.not_before(after))?,
            When::Rate { rate, first } => {
                // The second in which a fraction lies has begun.
                let second = rate.next(*first, floor(after))?;
                self.fire(Timestamp::from_second(second).ok()?, None)
            }
            When::At(at) => self.fire((*at > after).then_some(*at)?, None),
        };
        self.end
            .is_none_or(|end| fire.nominal <= end)
            .then_some(fire)
    }

    /// Returns the fires after `after`, up to `until` and including it.
    pub fn fires_between(&self, after: Timestamp, until: Timestamp) -> Fires<'_> {
        Fires::new(self, after, until)
    }

    /// Returns how many fires there are after `after`, up to `until` and including it. Costs a look
    /// at each day of the span, however many fires it has.
    pub fn count_between(&self, after: Timestamp, until: Timestamp) -> u64 {
        let after = self.not_before(after);
        let until = self.end.map_or(until, |end| end.min(until));
        if after >= until {
            return 0;
        }
        match &self.when {
            When::Cron(cron) => count(cron, &self.zone, after, until),
            When::Rate { rate, first } => rate.count(*first, floor(after), floor(until)),
            When::At(at) => u64::from(after < *at && *at <= until),
        }
    }

    /// Returns the last fire before the newest `newest` ones of a span, which has more of them.
    pub(super) fn last_before_newest(
        &self,
        newest: u64,
        after: Timestamp,
        until: Timestamp,
    ) -> Timestamp {
        // The second after which there are so many is found by going back in growing steps, so that
        // little of a long span is counted, and then by halves.
        let end = floor(until);
        let count = |second: i64| match Timestamp::from_second(second) {
            Ok(second) => self.count_between(second.max(after), until),
            Err(_) => u64::MAX,
        };
        let mut step: i64 = 1;
        while count(end.saturating_sub(step)) <= newest && end.saturating_sub(step) > floor(after) {
            step = step.saturating_mul(2);
        }
        let (mut many, mut few) = (end.saturating_sub(step).max(floor(after)), end);
        while few - many > 1 {
            let middle = many + (few - many) / 2;
            if count(middle) <= newest {
                few = middle;
            } else {
                many = middle;
            }
        }
        Timestamp::from_second(few).unwrap_or(until)
    }

    /// Returns `after`, or the last moment before the start.
    fn not_before(&self, after: Timestamp) -> Timestamp {
        let before = |start: Timestamp| start.checked_sub(jiff::SignedDuration::from_nanos(1));
        let start = self.start.and_then(|start| before(start).ok());
        start.map_or(after, |start| start.max(after))
    }

    fn next_cron(&self, cron: &Cron, after: Timestamp) -> Option<Fire> {
        // No time that clocks have shown by now comes later, save those of an overlap, and of them
        // only the first pass counts.
        let mut civil = self.zone.civil(after);
        loop {
            let candidate = cron.next_after(civil)?;
            let (moment, note) = self.zone.moment(candidate)?;
            if moment > after {
                return Some(self.fire(moment, self.worth_telling(cron, moment, note)));
            }
            let end = match note {
                Some(Note::Overlap) => self.zone.end_of_overlap(moment)?,
                _ => candidate,
            };
            civil = second_before(end).max(candidate);
        }
    }

    /// Returns the note, unless the moment after a gap is a time of the expression by itself.
    fn worth_telling(&self, cron: &Cron, moment: Timestamp, note: Option<Note>) -> Option<Note> {
        note.filter(|note| match note {
            Note::Gap { .. } => {
                let local = self.zone.civil(moment);
                cron.next_after(second_before(local)) != Some(local)
            }
            Note::Overlap => true,
        })
    }

    fn fire(&self, nominal: Timestamp, note: Option<Note>) -> Fire {
        Fire {
            nominal,
            local: self.zone.civil(nominal),
            offset: self.zone.offset(nominal),
            note,
        }
    }
}

impl When {
    fn parse(
        settings: &TimerSettings<'_>,
        zone: &Zone,
        start: Option<Timestamp>,
    ) -> Result<Self, ScheduleError> {
        let is = |kind: &str| settings.kind.trim().eq_ignore_ascii_case(kind);
        if is("cron") {
            Ok(Self::Cron(Box::new(Cron::parse(settings.expression)?)))
        } else if is("rate") {
            let rate = Rate::parse(settings.expression)?;
            let interval = i64::try_from(rate.interval().as_secs()).unwrap_or(i64::MAX);
            let first = match start {
                Some(start) => ceiling(start),
                None => floor(settings.started).saturating_add(interval),
            };
            Ok(Self::Rate { rate, first })
        } else if is("at") {
            let at = moment(Property::Expression, settings.expression, zone)?;
            Ok(Self::At(at))
        } else {
            Err(ScheduleError::UnknownType {
                found: settings.kind.to_owned(),
            })
        }
    }
}

fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn date(property: Property, text: Option<&str>) -> Result<Option<Timestamp>, ScheduleError> {
    given(text)
        .map(|text| moment(property, text, &Zone::UTC))
        .transpose()
}

/// Returns the second in which a moment lies.
fn floor(at: Timestamp) -> i64 {
    let early = at.subsec_nanosecond() < 0;
    at.as_second() - i64::from(early)
}

/// Returns the first whole second that is not before a moment.
fn ceiling(at: Timestamp) -> i64 {
    let late = at.subsec_nanosecond() > 0;
    at.as_second() + i64::from(late)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings<'a>(kind: &'a str, expression: &'a str) -> TimerSettings<'a> {
        TimerSettings {
            kind,
            expression,
            time_zone: None,
            start_date: None,
            end_date: None,
            started: at("2026-01-01T00:00:00.75Z"),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The next fires after a moment; fewer if there are no more.
    #[track_caller]
    fn case(settings: &TimerSettings<'_>, after: &str, expected: &[&str]) {
        let schedule = Schedule::parse(settings).unwrap();
        let fires = schedule.fires_between(at(after), Timestamp::MAX);
        let found: Vec<_> = fires
            .take(expected.len().max(1))
            .map(|fire| fire.nominal.to_string())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_fire_is_later_than_the_one_before_while_clocks_are_set_back() {
        let settings = TimerSettings {
            time_zone: Some("Europe/Berlin"),
            ..settings("cron", "0 */30 * * * *")
        };
        case(
            &settings,
            "2026-10-24T23:30:00Z",
            &[
                "2026-10-25T00:00:00Z",
                "2026-10-25T00:30:00Z",
                // Clocks show 02:00 and 02:30 once more.
                "2026-10-25T02:00:00Z",
                "2026-10-25T02:30:00Z",
            ],
        );
        case(&settings, "2026-10-25T01:10:00Z", &["2026-10-25T02:00:00Z"]);
    }

    #[test]
    fn fires_in_a_gap_and_in_an_overlap_say_so() {
        #[track_caller]
        fn case(expression: &str, after: &str, local: &str, note: Option<Note>) {
            let settings = TimerSettings {
                time_zone: Some("Europe/Berlin"),
                ..settings("cron", expression)
            };
            let schedule = Schedule::parse(&settings).unwrap();
            let fire = schedule.next_after(at(after)).unwrap();
            assert_eq!((fire.local.to_string().as_str(), fire.note), (local, note));
        }
        let meant = "2026-03-29T02:20:00".parse().unwrap();
        let gap = Some(Note::Gap { meant });
        let spring = "2026-03-29T00:30:00Z";
        case("0 20,40 2 * * ?", spring, "2026-03-29T03:00:00", gap);
        // 03:00 fires by itself.
        case("0 */20 2,3 * * ?", spring, "2026-03-29T03:00:00", None);
        let autumn = "2026-10-24T23:30:00Z";
        case(
            "0 30 2 * * ?",
            autumn,
            "2026-10-25T02:30:00",
            Some(Note::Overlap),
        );
        case("0 30 3 * * ?", autumn, "2026-10-25T03:30:00", None);
    }

    #[test]
    fn nothing_fires_before_the_start_or_after_the_end() {
        let bounded = TimerSettings {
            start_date: Some("2026-02-01T00:00:00Z"),
            end_date: Some("2026-02-02T00:00:00Z"),
            ..settings("cron", "0 0 */12 * * ?")
        };
        let all = [
            "2026-02-01T00:00:00Z",
            "2026-02-01T12:00:00Z",
            "2026-02-02T00:00:00Z",
        ];
        case(&bounded, "2020-01-01T00:00:00Z", &all);
        case(&bounded, "2026-02-01T00:00:00Z", &all[1..]);
        case(&bounded, "2026-02-02T00:00:00Z", &[]);
    }

    #[test]
    fn intervals_are_counted_from_the_start_date_or_the_start() {
        case(
            &settings("rate", "30 minutes"),
            "2026-01-01T00:00:00Z",
            &["2026-01-01T00:30:00Z", "2026-01-01T01:00:00Z"],
        );
        let dated = TimerSettings {
            start_date: Some("2026-01-05T08:00:00Z"),
            ..settings("rate", "2 days")
        };
        let fires = ["2026-01-05T08:00:00Z", "2026-01-07T08:00:00Z"];
        case(&dated, "2026-01-01T00:00:00Z", &fires);
        case(&dated, "2026-01-05T08:00:00.5Z", &fires[1..]);
    }

    #[test]
    fn a_single_time_fires_once() {
        let zoned = TimerSettings {
            time_zone: Some("Asia/Shanghai"),
            ..settings("at", "2026-05-01T08:00:00")
        };
        case(&zoned, "2026-01-01T00:00:00Z", &["2026-05-01T00:00:00Z"]);
        case(&zoned, "2026-05-01T00:00:00Z", &[]);
    }

    #[test]
    fn settings_that_cannot_be_are_refused() {
        #[track_caller]
        fn case(settings: &TimerSettings<'_>, property: Property, message: &str) {
            let error = Schedule::parse(settings).unwrap_err();
            assert_eq!(
                (error.property(), error.to_string().as_str()),
                (property, message)
            );
            assert!(!error.remedy().is_empty());
        }
        let hourly = settings("cron", "0 0 * * * *");
        case(
            &settings("cronn", "0 0 * * * *"),
            Property::Type,
            "`Type` must be `cron`, `rate` or `at`, not `cronn`",
        );
        case(
            &TimerSettings {
                time_zone: Some("Mars"),
                ..hourly
            },
            Property::TimeZone,
            "there is no time zone `Mars`",
        );
        case(
            &TimerSettings {
                end_date: Some("soon"),
                ..hourly
            },
            Property::EndDate,
            "`EndDate` must be a time, not `soon`",
        );
        case(
            &TimerSettings {
                start_date: Some("2027-01-01"),
                end_date: Some("2026-01-01"),
                ..hourly
            },
            Property::EndDate,
            "`EndDate` 2026-01-01 is before `StartDate` 2027-01-01, so it never fires",
        );
        case(
            &TimerSettings {
                end_date: Some("2026-01-01"),
                ..settings("at", "2027-01-01T00:00:00Z")
            },
            Property::Expression,
            "`2027-01-01T00:00:00Z` is not between `StartDate` and `EndDate`, so it never fires",
        );
    }

    #[test]
    fn what_is_blank_counts_as_not_given() {
        let blank = TimerSettings {
            time_zone: Some(" "),
            start_date: Some(""),
            end_date: Some(""),
            ..settings("cron", "0 0 0 1 1 ?")
        };
        case(&blank, "2026-01-01T00:00:00Z", &["2027-01-01T00:00:00Z"]);
    }
}
