//! Output of one log that is not stored yet.

use std::time::Duration;

use crate::base::output::{Channel, LogKey, OutputError};
use crate::base::secret::Redactor;
use crate::base::time::Timestamp;
use crate::store::output::position::place;
use crate::store::output::{Position, Segment};

/// How much is held in memory for one log.
const CAPACITY: usize = 64 * 1024;

/// Bytes that come within this time are one arrival.
const TOGETHER: Duration = Duration::from_millis(10);

/// Offsets behind the bytes of both channels, as the command wrote them.
pub(crate) type Ends = [u64; 2];

/// Collects output, masks it, and says what is to be stored next.
///
/// Where there are secrets, the last bytes of a channel are held back while they may be the
/// beginning of one.
#[derive(Debug)]
pub(crate) struct Buffer {
    redactor: Redactor,
    /// Position at the first segment, and behind the last.
    start: Position,
    end: Position,
    segments: Vec<Segment>,
    size: usize,
    /// Bytes taken in, held-back ones included.
    taken: Ends,
    held: [Vec<u8>; 2],
    /// When the first byte came that is not stored.
    since: Option<Timestamp>,
}

impl Buffer {
    /// Goes on behind what is stored.
    pub(crate) fn new(redactor: Redactor, position: Position, stored: Ends) -> Self {
        Self {
            redactor,
            start: position,
            end: position,
            segments: Vec::new(),
            size: 0,
            taken: stored,
            held: [Vec::new(), Vec::new()],
            since: None,
        }
    }

    /// Takes what fits of `bytes`, the first of which is byte `offset` of `channel`, and returns
    /// how many bytes were taken or known already; fewer than all means that the buffer is full.
    /// Returns `Err` with the offset expected if bytes are missing before `offset`.
    pub(crate) fn take(
        &mut self,
        channel: Channel,
        offset: u64,
        bytes: &[u8],
        at: Timestamp,
    ) -> Result<usize, u64> {
        let expected = self.taken[place(channel)];
        let Some(known) = expected.checked_sub(offset) else {
            return Err(expected);
        };
        let known = usize::try_from(known)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let fresh = &bytes[known..];
        let fresh = &fresh[..fresh.len().min(CAPACITY.saturating_sub(self.size))];
        if !fresh.is_empty() {
            self.since.get_or_insert(at);
            self.taken[place(channel)] += fresh.len() as u64;
            self.size += fresh.len();
            let mut text = std::mem::take(&mut self.held[place(channel)]);
            text.extend_from_slice(fresh);
            let (masked, done) = self.redactor.stream(&text);
            self.held[place(channel)] = text.split_off(done);
            self.push(channel, at, &masked);
        }
        Ok(known + fresh.len())
    }

    /// Gives up holding back: what is held is masked as it stands.
    pub(crate) fn release(&mut self, at: Timestamp) {
        for channel in [Channel::Stdout, Channel::Stderr] {
            let held = std::mem::take(&mut self.held[place(channel)]);
            let masked = self.redactor.bytes(&held);
            self.push(channel, at, &masked);
        }
    }

    /// Tells whether nothing more is taken before something is stored.
    pub(crate) fn is_full(&self) -> bool {
        self.size >= CAPACITY
    }

    /// Returns when the first byte came that is not stored.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Returns what is to be stored: the position at its beginning, and the segments.
    pub(crate) fn pending(&self) -> Option<(&Position, &[Segment])> {
        (!self.segments.is_empty()).then_some((&self.start, &self.segments))
    }

    /// Returns the ends of the channels once the pending segments are stored.
    pub(crate) fn ends(&self) -> Ends {
        [0, 1].map(|i| self.taken[i] - self.held[i].len() as u64)
    }

    /// Forgets the pending segments: they are stored.
    pub(crate) fn stored(&mut self) {
        self.segments.clear();
        self.start = self.end;
        self.size = self.held.iter().map(Vec::len).sum();
        self.since = None;
    }

    fn push(&mut self, channel: Channel, at: Timestamp, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.end.advance(channel, bytes, |_| {});
        match self.segments.last_mut() {
            Some(last)
                if last.channel == channel
                    && at.duration_since(last.at).unsigned_abs() < TOGETHER =>
            {
                last.bytes.extend_from_slice(bytes);
            }
            _ => self.segments.push(Segment {
                channel,
                at,
                bytes: bytes.to_vec(),
            }),
        }
    }
}

/// Returns the error of output that does not go on where the log ends.
pub(crate) fn gap(key: &LogKey, channel: Channel, expected: u64, found: u64) -> OutputError {
    OutputError {
        reason: format!(
            "{channel} of `{}` goes on at byte {found}, but byte {expected} is next",
            key.task
        ),
    }
}
