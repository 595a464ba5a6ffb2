//! The brake: while the disk is almost full, nothing new is started, so that what is at work can come to
//! its end.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::time::{Timestamp, utc_text};
use crate::runner::retention::MinFree;
use crate::schedule::Decision;
use crate::store::Room;

/// How often the disk is looked at: what a thousand executions record within that time is far below the
/// room that is kept free.
const PAUSE: Duration = Duration::from_secs(1);

/// A time in which nothing was started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Braked {
    from: Timestamp,
    until: Timestamp,
}

impl Braked {
    /// Tells whether some of the times that were decided on lie in it.
    pub(super) fn meets(&self, decision: &Decision) -> bool {
        decision.last >= self.from && decision.first <= self.until
    }
}

impl fmt::Display for Braked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (utc_text(self.from), utc_text(self.until));
        write!(f, "the disk was almost full from {from} to {until}")
    }
}

/// What has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Change {
    /// Nothing is to be started any more.
    Pulled,
    /// There is room again.
    Released,
}

/// Whether something new may be started.
#[derive(Debug)]
pub(super) struct Brake {
    least: MinFree,
    /// Since when nothing is started.
    since: Option<Timestamp>,
    last: Option<Braked>,
    next: Instant,
}

impl Brake {
    /// Has not looked yet.
    pub(super) fn new(least: MinFree) -> Self {
        Self {
            least,
            since: None,
            last: None,
            next: Instant::now(),
        }
    }

    /// Tells whether nothing is to be started.
    pub(super) fn is_pulled(&self) -> bool {
        self.since.is_some()
    }

    /// Returns when nothing was started the last time.
    pub(super) fn last(&self) -> Option<Braked> {
        self.last
    }

    /// Waits until it is time to look at the disk. Cancel-safe.
    pub(super) fn due(&self) -> impl Future<Output = ()> + use<> {
        tokio::time::sleep_until(self.next)
    }

    /// Looks at the disk; says once what has changed.
    pub(super) fn look(&mut self, room: Option<Room>, now: Timestamp) -> Option<Change> {
        self.next = Instant::now() + PAUSE;
        let forbidden = room.filter(|room| self.least.forbids(*room));
        match (forbidden, self.since) {
            (Some(room), None) => {
                self.since = Some(now);
                let (free, least) = (room.free, self.least.on(room));
                tracing::warn!(
                    free,
                    least,
                    "the disk is almost full: nothing new is started until there is room"
                );
                Some(Change::Pulled)
            }
            (None, Some(from)) => {
                self.since = None;
                self.last = Some(Braked { from, until: now });
                tracing::warn!("there is room on the disk again: serving goes on");
                Some(Change::Released)
            }
            (Some(_), Some(_)) | (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{MissedReason, Verdict};

    #[track_caller]
    fn same(found: Option<Change>, expected: Option<Change>) {
        assert_eq!(found, expected);
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn each_change_is_told_once() {
        let mut brake = Brake::new(MinFree::Bytes(10));
        let room = |free| Some(Room { free, total: 100 });
        same(brake.look(None, at(0)), None);
        same(brake.look(room(10), at(1)), None);
        same(brake.look(room(9), at(2)), Some(Change::Pulled));
        same(brake.look(room(0), at(3)), None);
        assert!(brake.is_pulled());
        same(brake.look(room(10), at(4)), Some(Change::Released));
        same(brake.look(room(11), at(5)), None);
        let braked = brake.last().unwrap();
        let decision = |first, last| Decision {
            first: at(first),
            last: at(last),
            count: 1,
            verdict: Verdict::Missed {
                reason: MissedReason::Policy,
            },
        };
        let meets = [(0, 1), (1, 2), (3, 3), (4, 9), (5, 9)]
            .map(|(first, last)| braked.meets(&decision(first, last)));
        assert_eq!(meets, [false, true, true, true, false]);
    }
}
