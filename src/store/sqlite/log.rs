//! Command output, read back by lines.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _};

use crate::base::id::ExecutionId;
use crate::base::output::LogKey;
use crate::store::output::{LineReader, decode};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::output::{find_log, last_chunk};
use crate::store::sqlite::row::id_column;
use crate::store::view::LogLine;
use crate::store::{Logs, StoreError};

/// Children follow their parent's id with a dot; a slash is the character behind the dot.
const LIST: &str = "\
    SELECT execution_id, task, item, attempt FROM log \
    WHERE execution_id = ?1 OR (execution_id > ?1 || '.' AND execution_id < ?1 || '/') \
    ORDER BY number";
const FIRST_CHUNK: &str = "\
    SELECT first_line, chunk FROM log_chunk WHERE log = ?1 AND first_line <= ?2 \
    ORDER BY first_line DESC, chunk DESC LIMIT 1";
const CHUNKS_FROM: &str = "\
    SELECT chunk, data FROM log_chunk WHERE log = ?1 AND (first_line, chunk) >= (?2, ?3) \
    ORDER BY first_line, chunk";

#[async_trait]
impl Logs for SqliteStore {
    async fn logs(&self, id: &ExecutionId) -> Result<Vec<LogKey>, StoreError> {
        self.0.save_all()?;
        self.0.read_latest(|connection| {
            let mut statement = connection.prepare_cached(LIST)?;
            let keys = statement.query_map([id.as_str()], |row| {
                let item: i64 = row.get(2)?;
                Ok(LogKey {
                    execution: id_column(row, 0)?,
                    task: row.get(1)?,
                    item: u32::try_from(item).ok(),
                    attempt: row.get(3)?,
                })
            })?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
    }

    async fn lines(
        &self,
        key: &LogKey,
        from: u64,
        limit: usize,
    ) -> Result<Vec<LogLine>, StoreError> {
        self.0.save_log(key)?;
        self.0.read_latest(|connection| {
            let mut reader = LineReader::new(from, limit);
            if let Some(log) = find_log(connection, key)? {
                feed(connection, log, from, &mut reader)?;
            }
            Ok(reader.finish())
        })
    }

    async fn line_count(&self, key: &LogKey) -> Result<u64, StoreError> {
        self.0.save_log(key)?;
        self.0.read_latest(|connection| {
            let Some(log) = find_log(connection, key)? else {
                return Ok(0);
            };
            let last = last_chunk(connection, log)?;
            Ok(last.map_or(0, |(_, _, position)| position.begun))
        })
    }
}

fn feed(
    connection: &Connection,
    log: i64,
    from: u64,
    reader: &mut LineReader,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(FIRST_CHUNK)?;
    let first: Option<(u64, i64)> = statement
        .query_row((log, from), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((line, chunk)) = first else {
        return Ok(());
    };
    let mut statement = connection.prepare_cached(CHUNKS_FROM)?;
    let mut rows = statement.query((log, line, chunk))?;
    while !reader.is_done()
        && let Some(row) = rows.next()?
    {
        let blob = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        let Some((start, segments)) = decode(blob) else {
            let chunk: i64 = row.get(0)?;
            return Err(damaged(
                format!("log_chunk {log}/{chunk}"),
                "it cannot be decoded",
            ));
        };
        reader.feed(start, &segments);
    }
    Ok(())
}
