//! Dates, times and durations of iCalendar.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

use super::line::Line;
use crate::base::time::Timestamp;
use crate::schedule::calendar::entry::Length;
use crate::schedule::calendar::error::{CalendarError, CalendarProblem};
use crate::schedule::zone::Zone;

/// A date, or a time on the clocks of a zone.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct When {
    /// A date is its midnight.
    pub(super) civil: DateTime,
    pub(super) zone: Zone,
    pub(super) is_date: bool,
}

impl When {
    /// Reads the value of a line; `floating` is the zone of times without one.
    pub(super) fn parse(line: &Line, value: &str, floating: &Zone) -> Result<Self, CalendarError> {
        let wanted = "a time such as `20300102T030405Z` or a date such as `20300102`";
        let zone = match line.parameter("TZID") {
            Some(name) => named(name).map_err(|problem| line.error(problem))?,
            None => floating.clone(),
        };
        let value = value.trim();
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let read = || -> Option<Self> {
            let (date, time) = match value.split_once('T') {
                Some((date, time)) => (date, Some(time)),
                None => (value, None),
            };
            let day: Date = (date.len() == 8 && all_digits(date)).then(|| date.parse().ok())??;
            let Some(time) = time else {
                return Some(Self {
                    civil: day.into(),
                    zone: zone.clone(),
                    is_date: true,
                });
            };
            let (time, zone) = match time.strip_suffix('Z') {
                Some(time) => (time, Zone::UTC),
                None => (time, zone.clone()),
            };
            let part = |from: usize| time.get(from..from + 2)?.parse::<i8>().ok();
            if time.len() != 6 || !all_digits(time) {
                return None;
            }
            // A leap second is the second before it.
            let (hour, minute, second) = (part(0)?, part(2)?, part(4)?.min(59));
            let civil = DateTime::new(day.year(), day.month(), day.day(), hour, minute, second, 0);
            Some(Self {
                civil: civil.ok()?,
                zone,
                is_date: false,
            })
        };
        read().ok_or_else(|| line.wrong(wanted))
    }

    /// Returns the moment.
    pub(super) fn moment(&self) -> Option<Timestamp> {
        self.zone.moment(self.civil).map(|(moment, _)| moment)
    }

    /// Returns what clocks of another zone show then; a date is the same everywhere.
    pub(super) fn civil_in(&self, zone: &Zone) -> Option<DateTime> {
        if self.is_date || self.zone == *zone {
            return Some(self.civil);
        }
        Some(zone.civil(self.moment()?))
    }
}

/// Finds a zone by the name in a calendar, which may have the name of its maker before it.
fn named(name: &str) -> Result<Zone, CalendarProblem> {
    let tails = name.match_indices('/').map(|(at, _)| &name[at + 1..]);
    let mut zones = std::iter::once(name).chain(tails);
    let zone = zones.find_map(Zone::find);
    zone.ok_or_else(|| CalendarProblem::UnknownZone {
        found: name.to_owned(),
    })
}

/// Reads a duration such as `P1DT2H` or `P2W`.
pub(super) fn length(text: &str) -> Option<Length> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    let (days, time) = text.split_once('T').unwrap_or((text, ""));
    let days = units(days, &[('W', 7 * 24 * 3600), ('D', 24 * 3600)])?;
    let passing = units(time, &[('H', 3600), ('M', 60), ('S', 1)])?;
    (!text.is_empty()).then_some(Length {
        shown: SignedDuration::from_secs(days),
        passing: SignedDuration::from_secs(passing),
    })
}

/// Adds up numbers with units; each unit once, in this order.
fn units(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut sum: i64 = 0;
    for (unit, seconds) in units {
        if let Some((number, rest)) = text.split_once(*unit) {
            let number: u32 = number.parse().ok()?;
            sum = sum.checked_add(i64::from(number).checked_mul(*seconds)?)?;
            text = rest;
        }
    }
    text.is_empty().then_some(sum)
}

/// Returns how long it is from a start to an end: whole days between dates, or else the time that
/// passes.
pub(super) fn between(start: &When, end: &When) -> Option<Length> {
    let shown = end.civil.duration_since(start.civil);
    if start.is_date && end.is_date {
        return Some(Length::shown(shown));
    }
    Some(Length {
        shown: SignedDuration::ZERO,
        passing: end.moment()?.duration_since(start.moment()?),
    })
}
