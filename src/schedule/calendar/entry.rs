//! Blackouts and whether a moment lies in one.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::rule::Rule;
use crate::base::time::Timestamp;
use crate::schedule::zone::Zone;

/// Most entries of one calendar, each date and each exception counted.
pub(super) const ENTRIES: usize = 10_000;

/// How many blackouts that follow on each other are looked through.
const CHAINED: u32 = 1_000;

/// A set of blackouts. The empty one covers nothing.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    entries: Vec<Entry>,
}

/// A blackout that covers a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Blackout<'c> {
    /// What it is called.
    pub name: &'c str,
    /// The first moment after it.
    pub until: Timestamp,
}

/// A blackout, once or again and again.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) times: Times,
}

#[derive(Clone, Debug)]
pub(super) enum Times {
    /// One span.
    Once { from: Timestamp, until: Timestamp },
    /// A span for each date of a rule.
    Repeated(Box<Repeated>),
}

/// Spans that begin when a rule says so, on the clocks of a zone.
#[derive(Clone, Debug)]
pub(super) struct Repeated {
    pub(super) rule: Rule,
    /// Dates that the rule has and that do not count.
    pub(super) except: BTreeSet<DateTime>,
    pub(super) length: Length,
    pub(super) zone: Zone,
}

/// How long a span is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Length {
    /// How far clocks move on, whatever happens to them in between: whole days, windows of a day.
    pub(super) shown: SignedDuration,
    /// And how much time passes then.
    pub(super) passing: SignedDuration,
}

impl Calendar {
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// Tells whether it has no blackouts.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds the blackouts of another calendar.
    pub fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// Returns the blackout that covers a moment; of several the one that ends last. Its end may lie in
    /// another one.
    pub fn covers(&self, at: Timestamp) -> Option<Blackout<'_>> {
        let covering = self.entries.iter().filter_map(|entry| {
            let until = entry.covers(at)?;
            let name = entry.name.as_str();
            Some(Blackout { name, until })
        });
        covering.max_by_key(|blackout| blackout.until)
    }

    /// Returns the first moment from `at` on that no blackout covers, as far as one is found among the
    /// next thousand ends.
    pub fn free_from(&self, at: Timestamp) -> Timestamp {
        let mut free = at;
        for _ in 0..CHAINED {
            match self.covers(free) {
                Some(blackout) => free = blackout.until,
                None => break,
            }
        }
        free
    }
}

impl Entry {
    fn covers(&self, at: Timestamp) -> Option<Timestamp> {
        match &self.times {
            Times::Once { from, until } => (*from <= at && at < *until).then_some(*until),
            Times::Repeated(repeated) => repeated.covers(at),
        }
    }
}

impl Repeated {
    fn covers(&self, at: Timestamp) -> Option<Timestamp> {
        let now = self.zone.civil(at);
        // Clocks are changed by a day at most.
        let slack = SignedDuration::from_hours(25);
        let reach = self.length.usual().checked_add(slack)?;
        let starts = self
            .rule
            .between(now.saturating_sub(reach), now.saturating_add(slack));
        starts
            .filter(|start| !self.except.contains(start))
            .filter_map(|start| self.length.span(start, &self.zone))
            .filter(|(from, until)| *from <= at && at < *until)
            .map(|(_, until)| until)
            .max()
    }
}

impl Length {
    /// Some days as clocks count them.
    pub(super) fn days(days: i64) -> Self {
        Self::shown(SignedDuration::from_hours(24 * days))
    }

    /// A span of so much on the clock.
    pub(super) fn shown(shown: SignedDuration) -> Self {
        Self {
            shown,
            passing: SignedDuration::ZERO,
        }
    }

    /// Returns the span of this length that begins at a time.
    pub(super) fn span(self, start: DateTime, zone: &Zone) -> Option<(Timestamp, Timestamp)> {
        let (from, _) = zone.moment(start)?;
        let (end, _) = zone.moment(start.checked_add(self.shown).ok()?)?;
        Some((from, end.checked_add(self.passing).ok()?))
    }

    /// Returns how long it is where clocks are not changed.
    pub(super) fn usual(self) -> SignedDuration {
        self.shown.saturating_add(self.passing)
    }
}
