//! Signals in a table; whoever waits is woken by the watch.

use async_trait::async_trait;
use rusqlite::OptionalExtension as _;

use crate::base::id::ExecutionId;
use crate::engine::event::Signal;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::codec;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::row::id_column;
use crate::store::{Mailbox, StoreError};

const INSERT: &str = "INSERT INTO signal (execution_id, signal) VALUES (?1, ?2)";
const WAITING: &str = "\
    SELECT number, signal FROM signal WHERE execution_id = ?1 AND settled = 0 ORDER BY number";
const POSTED: &str = "\
    SELECT number, execution_id FROM signal WHERE number > ?1 AND settled = 0 ORDER BY number";
/// The first answer stays: the sender may have seen it.
const SETTLE: &str =
    "UPDATE signal SET settled = 1, refusal = ?2 WHERE number = ?1 AND settled = 0";
const ANSWER: &str = "SELECT refusal FROM signal WHERE number = ?1 AND settled = 1";

#[async_trait]
impl Mailbox for SqliteStore {
    async fn post(&self, id: &ExecutionId, signal: &Signal) -> Result<u64, StoreError> {
        let place = place(id);
        let text = serde_json::to_vec(signal).map_err(|error| damaged(&place, error))?;
        // Properties given with a signal may repeat a secret.
        let blob = if self.0.secrets(id)?.is_empty() {
            codec::pack(&text)?
        } else {
            codec::pack_sealed(&text, self.0.key.for_writing()?, &place)?
        };
        let id = id.clone();
        self.0
            .writer
            .write_soon(move |connection| {
                connection
                    .prepare_cached(INSERT)?
                    .execute((id.as_str(), blob))?;
                Ok(connection.last_insert_rowid().unsigned_abs())
            })
            .await
    }

    async fn waiting(&self, id: &ExecutionId) -> Result<Vec<(u64, Signal)>, StoreError> {
        let place = place(id);
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(WAITING)?;
            let mut rows = statement.query([id.as_str()])?;
            let mut signals = Vec::new();
            while let Some(row) = rows.next()? {
                let blob: Vec<u8> = row.get(1)?;
                let text = codec::unpack(&blob, &place, || self.0.key.for_reading())?;
                let signal =
                    serde_json::from_slice(&text).map_err(|error| damaged(&place, error))?;
                signals.push((row.get(0)?, signal));
            }
            Ok(signals)
        })
    }

    async fn posted(&self, after: u64) -> Result<Vec<(u64, ExecutionId)>, StoreError> {
        let mut seen = 0;
        loop {
            // The moment first: what comes between it and the look is seen by the next look.
            seen = self.0.watch.changed(seen).await?;
            let posted = self.0.readers.read(|connection| {
                let mut statement = connection.prepare_cached(POSTED)?;
                let rows =
                    statement.query_map([after], |row| Ok((row.get(0)?, id_column(row, 1)?)))?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            })?;
            if !posted.is_empty() {
                return Ok(posted);
            }
        }
    }

    async fn settle(&self, number: u64, refusal: Option<String>) -> Result<(), StoreError> {
        self.0
            .writer
            .write_soon(move |connection| {
                connection
                    .prepare_cached(SETTLE)?
                    .execute((number, refusal))?;
                Ok(())
            })
            .await
    }

    async fn answer(&self, number: u64) -> Result<Option<Result<(), String>>, StoreError> {
        self.0.readers.read(|connection| {
            let refusal: Option<Option<String>> = connection
                .prepare_cached(ANSWER)?
                .query_row([number], |row| row.get(0))
                .optional()?;
            Ok(refusal.map(|refusal| refusal.map_or(Ok(()), Err)))
        })
    }
}

fn place(id: &ExecutionId) -> String {
    format!("signal to {id}")
}
