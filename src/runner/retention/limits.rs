//! How much is kept.

use std::time::Duration;

use crate::base::time::Timestamp;
use crate::store::{EndPlace, Part, RemovalCause, Room};

/// The room that a disk keeps free where nobody says how much: enough for what is at work to come to its
/// end.
const USUAL_FREE: u64 = 64 << 20;

/// A small disk keeps this part of itself free instead.
const USUAL_PART: u64 = 20;

/// What is kept; without any limit everything is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// Nothing that ended longer ago.
    pub age: Option<Duration>,
    /// The newest so many executions, with their children.
    pub count: Option<usize>,
    /// No more bytes than these; the oldest go first.
    pub bytes: Option<u64>,
}

impl Limits {
    /// Tells whether everything is kept.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns why an execution that ended at `place` goes at `now`, but for the room that it takes;
    /// `last` is the place of the newest beyond those that are kept by their number.
    pub(super) fn cause(
        &self,
        place: &EndPlace,
        last: Option<&EndPlace>,
        now: Timestamp,
    ) -> Option<RemovalCause> {
        let age = Duration::try_from(now.duration_since(place.0)).unwrap_or_default();
        if self.age.is_some_and(|most| age > most) {
            Some(RemovalCause::Age)
        } else if last.is_some_and(|last| place <= last) {
            Some(RemovalCause::Count)
        } else {
            None
        }
    }
}

/// What is kept of both parts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Keep {
    /// Of executions as a whole.
    pub history: Limits,
    /// Of what their commands printed.
    pub logs: Limits,
}

impl Keep {
    /// Returns the limits of a part.
    pub fn of(&self, part: Part) -> Limits {
        match part {
            Part::History => self.history,
            Part::Logs => self.logs,
        }
    }
}

/// How much room the disk must have for something new to begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MinFree {
    /// 64 MiB, or a twentieth of a disk that is smaller than 1.25 GiB.
    #[default]
    Usual,
    /// So many bytes; with none something begins as long as there is any room.
    Bytes(u64),
}

impl MinFree {
    /// Returns how many bytes these are on a disk.
    pub fn on(self, room: Room) -> u64 {
        match self {
            Self::Usual => USUAL_FREE.min(room.total / USUAL_PART),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// Tells whether nothing new is to begin on a disk.
    pub fn forbids(self, room: Room) -> bool {
        room.free < self.on(room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(found: Option<RemovalCause>, expected: Option<RemovalCause>) {
        assert_eq!(found, expected);
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_small_disk_keeps_a_part_of_itself_free() {
        #[track_caller]
        fn case(least: MinFree, free: u64, total: u64, expected: bool) {
            assert_eq!(least.forbids(Room { free, total }), expected);
        }
        let (mib, gib) = (1 << 20, 1 << 30);
        case(MinFree::Usual, 63 * mib, 100 * gib, true);
        case(MinFree::Usual, 64 * mib, 100 * gib, false);
        case(MinFree::Usual, mib, 32 * mib, true);
        case(MinFree::Usual, 2 * mib, 32 * mib, false);
        case(MinFree::Bytes(0), 0, gib, false);
        case(MinFree::Bytes(gib), gib - 1, 2 * gib, true);
    }

    #[test]
    fn the_limit_that_is_passed_is_named() {
        let id = crate::base::id::ExecutionId::new(at(0), 1);
        let (place, newer) = ((at(100), id.clone()), (at(200), id));
        let limits = Limits {
            age: Some(Duration::from_secs(50)),
            count: Some(1),
            bytes: None,
        };
        same(
            limits.cause(&place, Some(&newer), at(151)),
            Some(RemovalCause::Age),
        );
        same(
            limits.cause(&place, Some(&newer), at(150)),
            Some(RemovalCause::Count),
        );
        same(limits.cause(&newer, Some(&place), at(150)), None);
        // A clock that was set back makes nothing old.
        same(limits.cause(&newer, None, at(0)), None);
    }
}
