//! Time zones and the one rule by which a time on a clock becomes a moment.
//!
//! The rules of all zones are in the program: what the machine has installed is never looked at.

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::{DateTime, DateTimeRound as Round};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{RoundMode, Unit};

use crate::base::name::nearest;
use crate::base::time::Timestamp;
use crate::schedule::count::second_before;
use crate::schedule::error::ScheduleError;
use crate::schedule::fire::Note;

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Longer than any name of a zone.
const LONGEST_NAME: usize = 40;

/// A time zone of the IANA database, by a name that is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Finds a zone by name, in any case.
    pub fn parse(name: &str) -> Result<Self, ScheduleError> {
        Self::find(name).ok_or_else(|| ScheduleError::UnknownZone {
            found: name.to_owned(),
            nearest: Self::nearest(name),
        })
    }

    /// Returns the zone that may be meant. Nothing as long as no name of a zone is guessed at.
    fn nearest(name: &str) -> Option<String> {
        let names = (name.len() <= LONGEST_NAME).then(Self::names)?;
        nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
    }

    /// Finds a zone by name, in any case; guesses nothing.
    pub(super) fn find(name: &str) -> Option<Self> {
        DATABASE.get(name).map(Self).ok()
    }

    /// Returns the names of all zones.
    pub fn names() -> Vec<String> {
        let names = DATABASE.available();
        names.map(|name| name.as_str().to_owned()).collect()
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Returns what clocks of the zone show at a moment.
    pub fn civil(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }

    /// Returns how far clocks of the zone are ahead of UTC at a moment.
    pub fn offset(&self, at: Timestamp) -> Offset {
        self.0.to_offset(at)
    }

    /// Returns the moment at which clocks show `civil`: the first of two, and where clocks pass over
    /// it, the first moment after that, each with a note. The later `civil`, the later the moment, or
    /// equal to it. `None` at the ends of the range of years.
    pub fn moment(&self, civil: DateTime) -> Option<(Timestamp, Option<Note>)> {
        let ambiguous = self.0.to_ambiguous_timestamp(civil);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                Some((offset.to_timestamp(civil).ok()?, None))
            }
            AmbiguousOffset::Fold { before, .. } => {
                Some((before.to_timestamp(civil).ok()?, Some(Note::Overlap)))
            }
            AmbiguousOffset::Gap { after, .. } => {
                // Read with the new offset, a time that is passed over lies before the change.
                let change = self.change_after(after.to_timestamp(civil).ok()?)?;
                Some((change, Some(Note::Gap { meant: civil })))
            }
        }
    }

    /// Returns what clocks show when they are set back next, in the hour they show twice: `at` is a
    /// moment whose time on the clock comes a second time.
    pub(super) fn end_of_overlap(&self, at: Timestamp) -> Option<DateTime> {
        let before = self.offset(at);
        Some(before.to_datetime(self.change_after(at)?))
    }

    /// Returns the latest time, in whole seconds, that clocks have shown for the first time by a
    /// moment.
    pub(super) fn shown_by(&self, at: Timestamp) -> Option<DateTime> {
        let civil = self.civil(at);
        let civil = civil
            .round(Round::new().smallest(Unit::Second).mode(RoundMode::Floor))
            .ok()?;
        let (first, note) = self.moment(civil)?;
        let second = note == Some(Note::Overlap) && self.offset(first) != self.offset(at);
        if second {
            return Some(second_before(self.end_of_overlap(first)?));
        }
        Some(civil)
    }

    /// Returns the gaps after `after`, up to one that ends at `until`: the first time that clocks pass
    /// over, and the time that they show then.
    pub(super) fn gaps(&self, after: Timestamp, until: Timestamp) -> Vec<(DateTime, DateTime)> {
        let mut before = self.offset(after);
        let changes = self.0.following(after);
        let mut gaps = Vec::new();
        for change in changes.take_while(|change| change.timestamp() <= until) {
            let (at, after) = (change.timestamp(), change.offset());
            if after > before {
                gaps.push((before.to_datetime(at), after.to_datetime(at)));
            }
            before = after;
        }
        gaps
    }

    /// Returns the next moment at which the offset changes.
    fn change_after(&self, at: Timestamp) -> Option<Timestamp> {
        let before = self.offset(at);
        self.0
            .following(at)
            .find(|change| change.offset() != before)
            .map(|change| change.timestamp())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(zone: &str, civil: &str, expected: &str, note: Option<Note>) {
        let zone = Zone::parse(zone).unwrap();
        let (moment, found) = zone.moment(civil.parse().unwrap()).unwrap();
        assert_eq!(
            (moment.to_string().as_str(), found),
            (expected, note),
            "{civil}"
        );
    }

    #[test]
    fn a_time_that_clocks_pass_over_is_the_moment_after_the_gap() {
        let gap = |meant: &str| {
            Some(Note::Gap {
                meant: meant.parse().unwrap(),
            })
        };
        let berlin = "Europe/Berlin";
        case(berlin, "2026-03-29T01:59:59", "2026-03-29T00:59:59Z", None);
        case(
            berlin,
            "2026-03-29T02:00",
            "2026-03-29T01:00:00Z",
            gap("2026-03-29T02:00"),
        );
        case(
            berlin,
            "2026-03-29T02:59:59",
            "2026-03-29T01:00:00Z",
            gap("2026-03-29T02:59:59"),
        );
        case(berlin, "2026-03-29T03:00", "2026-03-29T01:00:00Z", None);
        // A whole day was passed over.
        case(
            "Pacific/Apia",
            "2011-12-30T12:00",
            "2011-12-30T10:00:00Z",
            gap("2011-12-30T12:00"),
        );
    }

    #[test]
    fn of_a_time_that_comes_twice_the_first_is_meant() {
        let twice = Some(Note::Overlap);
        case(
            "Europe/Berlin",
            "2026-10-25T02:30",
            "2026-10-25T00:30:00Z",
            twice,
        );
        case(
            "Europe/Berlin",
            "2026-10-25T03:00",
            "2026-10-25T02:00:00Z",
            None,
        );
        // Half an hour only.
        case(
            "Australia/Lord_Howe",
            "2026-04-05T01:30",
            "2026-04-04T14:30:00Z",
            twice,
        );
        case(
            "Australia/Lord_Howe",
            "2026-04-05T01:29:59",
            "2026-04-04T14:29:59Z",
            None,
        );
    }

    #[test]
    fn a_zone_is_found_in_any_case_and_a_misspelt_one_is_guessed() {
        assert_eq!(
            Zone::parse("asia/shanghai").unwrap().name(),
            "Asia/Shanghai"
        );
        assert_eq!(Zone::parse("utc").unwrap(), Zone::UTC);
        let error = Zone::parse("Asia/Shangai").unwrap_err();
        assert_eq!(error.to_string(), "there is no time zone `Asia/Shangai`");
        assert_eq!(error.remedy(), "did you mean `Asia/Shanghai`?");
    }
}
