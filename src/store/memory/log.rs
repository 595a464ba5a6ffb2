//! Command output, in memory.

use async_trait::async_trait;

use crate::base::id::ExecutionId;
use crate::base::output::{Channel, LogKey, OutputError, OutputSink};
use crate::store::memory::MemoryStore;
use crate::store::memory::state::State;
use crate::store::output::{Buffer, Ends, LineReader, Position, Segment, gap, place};
use crate::store::view::LogLine;
use crate::store::{Logs, StoreError};

/// Everything that was written to one log.
pub(super) struct MemoryLog {
    buffer: Buffer,
    ends: Ends,
    segments: Vec<Segment>,
}

impl MemoryLog {
    /// Returns how many bytes are stored.
    pub(super) fn bytes(&self) -> u64 {
        self.segments
            .iter()
            .map(|segment| segment.bytes.len() as u64)
            .sum()
    }

    /// Stores what the buffer does not hold back.
    fn save(&mut self) {
        if let Some((_, segments)) = self.buffer.pending() {
            self.segments.extend_from_slice(segments);
            self.ends = self.buffer.ends();
            self.buffer.stored();
        }
    }
}

impl OutputSink for MemoryStore {
    fn stored(&self, key: &LogKey, channel: Channel) -> Result<u64, OutputError> {
        let state = self.state();
        let ends = find(&state, key).map_or([0, 0], |log| log.ends);
        Ok(ends[place(channel)])
    }

    fn write(
        &self,
        key: &LogKey,
        channel: Channel,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), OutputError> {
        let now = self.now();
        let mut state = self.state();
        let log = open(&mut state, key)?;
        let mut done = 0;
        while done < bytes.len() {
            let next = offset + done as u64;
            let taken = log.buffer.take(channel, next, &bytes[done..], now);
            done += taken.map_err(|expected| gap(key, channel, expected, next))?;
            if log.buffer.is_full() && log.buffer.pending().is_none() {
                log.buffer.release(now);
            }
            log.save();
        }
        drop(state);
        self.announce();
        Ok(())
    }

    fn flush(&self, key: &LogKey) -> Result<(), OutputError> {
        let now = self.now();
        let mut state = self.state();
        let log = open(&mut state, key)?;
        log.buffer.release(now);
        log.save();
        drop(state);
        self.announce();
        Ok(())
    }
}

#[async_trait]
impl Logs for MemoryStore {
    async fn logs(&self, id: &ExecutionId) -> Result<Vec<LogKey>, StoreError> {
        let state = self.state();
        let keys = state.logs.iter().filter(|(key, log)| {
            let kin = key.execution.as_str().strip_prefix(id.as_str());
            kin.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                && !log.segments.is_empty()
        });
        Ok(keys.map(|(key, _)| key.clone()).collect())
    }

    async fn lines(
        &self,
        key: &LogKey,
        from: u64,
        limit: usize,
    ) -> Result<Vec<LogLine>, StoreError> {
        let state = self.state();
        let mut reader = LineReader::new(from, limit);
        if let Some(log) = find(&state, key) {
            reader.feed(Position::default(), &log.segments);
        }
        Ok(reader.finish())
    }

    async fn line_count(&self, key: &LogKey) -> Result<u64, StoreError> {
        let state = self.state();
        let mut position = Position::default();
        for segment in find(&state, key).iter().flat_map(|log| &log.segments) {
            position.advance(segment.channel, &segment.bytes, |_| {});
        }
        Ok(position.begun)
    }
}

fn find<'a>(state: &'a State, key: &LogKey) -> Option<&'a MemoryLog> {
    let mut logs = state.logs.iter();
    logs.find(|(known, _)| known == key).map(|(_, log)| log)
}

fn open<'a>(state: &'a mut State, key: &LogKey) -> Result<&'a mut MemoryLog, StoreError> {
    let known = state.logs.iter().position(|(known, _)| known == key);
    let place = if let Some(place) = known {
        place
    } else {
        let redactor = state.secrets(&key.execution)?.redactor();
        let log = MemoryLog {
            buffer: Buffer::new(redactor, Position::default(), [0, 0]),
            ends: [0, 0],
            segments: Vec::new(),
        };
        state.logs.push((key.clone(), log));
        state.logs.len() - 1
    };
    Ok(&mut state.logs[place].1)
}
