//! Command output into chunks: buffered a little, stored soon, known at once where it ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};

use crate::base::output::{Channel, LogKey, OutputError, OutputSink};
use crate::base::time::Timestamp;
use crate::store::StoreError;
use crate::store::output::{Buffer, Ends, Position, decode, encode, gap, place};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::store::Shared;
use crate::store::sqlite::ticker::Ticker;

const FIND_LOG: &str = "\
    SELECT number FROM log WHERE execution_id = ?1 AND task = ?2 AND item = ?3 AND attempt = ?4";
const INSERT_LOG: &str =
    "INSERT INTO log (execution_id, task, item, attempt) VALUES (?1, ?2, ?3, ?4)";
const LAST_CHUNK: &str = "\
    SELECT chunk, stdout, stderr, data FROM log_chunk WHERE log = ?1 \
    ORDER BY first_line DESC, chunk DESC LIMIT 1";
const INSERT_CHUNK: &str = "\
    INSERT INTO log_chunk (log, chunk, first_line, stdout, stderr, data) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// How long output may wait in memory while a command runs.
const PATIENCE: Duration = Duration::from_millis(200);

/// The logs that are being written.
#[derive(Default)]
pub(super) struct Outputs {
    /// In an order, so that all who lock several of them lock them in the same order.
    open: Mutex<BTreeMap<LogKey, Arc<Mutex<OpenLog>>>>,
    ticker: Ticker,
}

/// A log that is being written.
struct OpenLog {
    key: LogKey,
    /// Its row, once there is one.
    number: Option<i64>,
    /// The number of the next chunk.
    chunk: i64,
    buffer: Buffer,
    /// Set when it was taken out of the map: whoever still has it looks again.
    closed: bool,
}

/// A chunk on its way into the table.
struct Draft {
    key: LogKey,
    number: Option<i64>,
    chunk: i64,
    first_line: u64,
    ends: Ends,
    data: Vec<u8>,
}

impl OutputSink for SqliteStore {
    fn stored(&self, key: &LogKey, channel: Channel) -> Result<u64, OutputError> {
        let ends = self.0.read_latest(|connection| {
            let Some(log) = find_log(connection, key)? else {
                return Ok([0, 0]);
            };
            Ok(last_chunk(connection, log)?.map_or([0, 0], |(_, ends, _)| ends))
        })?;
        Ok(ends[place(channel)])
    }

    fn write(
        &self,
        key: &LogKey,
        channel: Channel,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), OutputError> {
        let now = self.0.now();
        self.0.with_log(key, |log| {
            let mut done = 0;
            loop {
                let next = offset + done as u64;
                let taken = log.buffer.take(channel, next, &bytes[done..], now);
                done += taken.map_err(|expected| gap(key, channel, expected, next))?;
                if log.buffer.is_full() {
                    if log.buffer.pending().is_none() {
                        // A secret as large as the buffer is held back: nothing else would help.
                        log.buffer.release(now);
                    }
                    self.0.save(&mut [&mut *log])?;
                }
                if done == bytes.len() {
                    break;
                }
            }
            if log.is_due(now) {
                self.0.save(&mut [&mut *log])?;
            }
            Ok(())
        })?;
        let shared = Arc::downgrade(&self.0);
        self.0.outputs.ticker.ring(PATIENCE, move || {
            let Some(shared) = shared.upgrade() else {
                return;
            };
            if let Err(error) = shared.save_all() {
                // It stays in memory; the next write or flush tells the command's caller.
                tracing::warn!(%error, "command output could not be stored yet");
            }
        });
        Ok(())
    }

    fn flush(&self, key: &LogKey) -> Result<(), OutputError> {
        let now = self.0.now();
        self.0.with_log(key, |log| {
            log.buffer.release(now);
            self.0.save_ahead(log)?;
            log.closed = true;
            self.0.outputs.open().remove(key);
            Ok(())
        })
    }
}

impl OpenLog {
    fn is_due(&self, now: Timestamp) -> bool {
        self.buffer
            .since()
            .is_some_and(|since| now.duration_since(since).unsigned_abs() >= PATIENCE)
    }

    /// Takes the chunk that was drafted last as stored in the log `number`.
    fn stored(&mut self, number: i64) {
        self.number = Some(number);
        self.chunk += 1;
        self.buffer.stored();
    }

    fn draft(&self) -> Result<Option<Draft>, StoreError> {
        let Some((start, segments)) = self.buffer.pending() else {
            return Ok(None);
        };
        let data = encode(start, segments).map_err(|error| StoreError::Io {
            action: "compressing command output".into(),
            reason: error.to_string(),
        })?;
        Ok(Some(Draft {
            key: self.key.clone(),
            number: self.number,
            chunk: self.chunk,
            first_line: start.begun,
            ends: self.buffer.ends(),
            data,
        }))
    }
}

impl Outputs {
    fn open(&self) -> MutexGuard<'_, BTreeMap<LogKey, Arc<Mutex<OpenLog>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Stores all that is buffered and not held back.
    pub(super) fn save_all(&self) -> Result<(), StoreError> {
        let logs: Vec<_> = self.outputs.open().values().cloned().collect();
        let mut logs: Vec<_> = logs.iter().map(|log| lock(log)).collect();
        let mut logs: Vec<&mut OpenLog> = logs.iter_mut().map(|log| &mut **log).collect();
        self.save(&mut logs)
    }

    /// Stores what is buffered of one log.
    pub(super) fn save_log(&self, key: &LogKey) -> Result<(), StoreError> {
        let log = self.outputs.open().get(key).cloned();
        match log {
            Some(log) => self.save(&mut [&mut *lock(&log)]),
            None => Ok(()),
        }
    }

    /// Stores what is buffered of one log, durable with what follows.
    fn save_ahead(&self, log: &mut OpenLog) -> Result<(), StoreError> {
        if let Some(draft) = log.draft()? {
            let number = self
                .writer
                .write_ahead(|connection| insert(connection, &draft))?;
            log.stored(number);
        }
        Ok(())
    }

    fn save(&self, logs: &mut [&mut OpenLog]) -> Result<(), StoreError> {
        let mut drafts = Vec::new();
        let mut written = Vec::new();
        for log in logs.iter_mut() {
            if let Some(draft) = log.draft()? {
                drafts.push(draft);
                written.push(log);
            }
        }
        if drafts.is_empty() {
            return Ok(());
        }
        let numbers = self.writer.write(move |connection| {
            drafts
                .iter()
                .map(|draft| insert(connection, draft))
                .collect::<Result<Vec<_>, StoreError>>()
        })?;
        for (log, number) in written.into_iter().zip(numbers) {
            log.stored(number);
        }
        Ok(())
    }

    fn with_log<T>(
        &self,
        key: &LogKey,
        work: impl FnOnce(&mut OpenLog) -> Result<T, OutputError>,
    ) -> Result<T, OutputError> {
        loop {
            let known = self.outputs.open().get(key).cloned();
            let log = if let Some(log) = known {
                log
            } else {
                let fresh = Arc::new(Mutex::new(self.open_log(key)?));
                let mut open = self.outputs.open();
                open.entry(key.clone()).or_insert(fresh).clone()
            };
            let mut log = lock(&log);
            if !log.closed {
                return work(&mut log);
            }
        }
    }

    fn open_log(&self, key: &LogKey) -> Result<OpenLog, StoreError> {
        let redactor = self.secrets(&key.execution)?.redactor();
        // What a flush before this left for a later commit is there as well.
        let (number, last) = self.read_latest(|connection| {
            let number = find_log(connection, key)?;
            let last = match number {
                Some(number) => last_chunk(connection, number)?,
                None => None,
            };
            Ok((number, last))
        })?;
        let (chunk, ends, position) = match last {
            Some((chunk, ends, position)) => (chunk + 1, ends, position),
            None => (0, [0, 0], Position::default()),
        };
        Ok(OpenLog {
            key: key.clone(),
            number,
            chunk,
            buffer: Buffer::new(redactor, position, ends),
            closed: false,
        })
    }
}

fn lock(log: &Mutex<OpenLog>) -> MutexGuard<'_, OpenLog> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

fn log_columns(key: &LogKey) -> (&str, &str, i64, u32) {
    let item = key.item.map_or(-1, i64::from);
    (key.execution.as_str(), &key.task, item, key.attempt)
}

/// Returns the number of a log.
pub(super) fn find_log(connection: &Connection, key: &LogKey) -> Result<Option<i64>, StoreError> {
    let mut statement = connection.prepare_cached(FIND_LOG)?;
    let number = statement.query_row(log_columns(key), |row| row.get(0));
    Ok(number.optional()?)
}

/// Returns number and ends of the last chunk of a log, and the position behind it.
pub(super) fn last_chunk(
    connection: &Connection,
    log: i64,
) -> Result<Option<(i64, Ends, Position)>, StoreError> {
    let mut statement = connection.prepare_cached(LAST_CHUNK)?;
    let found = statement.query_row([log], |row| {
        let data: Vec<u8> = row.get(3)?;
        Ok((row.get(0)?, [row.get(1)?, row.get(2)?], data))
    });
    let Some((chunk, ends, data)) = found.optional()? else {
        return Ok(None);
    };
    let (mut position, segments) = decode(&data)
        .ok_or_else(|| damaged(format!("log_chunk {log}/{chunk}"), "it cannot be decoded"))?;
    for segment in &segments {
        position.advance(segment.channel, &segment.bytes, |_| {});
    }
    Ok(Some((chunk, ends, position)))
}

fn insert(connection: &Connection, draft: &Draft) -> Result<i64, StoreError> {
    let known = match draft.number {
        Some(number) => Some(number),
        None => find_log(connection, &draft.key)?,
    };
    let log = if let Some(number) = known {
        number
    } else {
        let mut statement = connection.prepare_cached(INSERT_LOG)?;
        statement.insert(log_columns(&draft.key))?
    };
    let [stdout, stderr] = draft.ends;
    connection.prepare_cached(INSERT_CHUNK)?.execute((
        log,
        draft.chunk,
        draft.first_line,
        stdout,
        stderr,
        &draft.data,
    ))?;
    Ok(log)
}
