//! The journal: fenced appends with their projections in one transaction.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _};

use crate::base::id::ExecutionId;
use crate::engine::event::{Event, Fact, Started};
use crate::store::audit::deed_of;
use crate::store::projection::{Changes, fold};
use crate::store::secrets::Secrets;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::audit;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::locks::follow;
use crate::store::sqlite::row::{StoredRows, id_column, save};
use crate::store::sqlite::seal::KeyFile;
use crate::store::sqlite::store::decode_event;
use crate::store::sqlite::sweep::under_way;
use crate::store::sqlite::trigger;
use crate::store::{Journal, Seq, StoreError};

const SELECT_LAST: &str = "SELECT max(seq) FROM journal WHERE execution_id = ?1";
const JOURNALS: &str = "SELECT DISTINCT execution_id FROM journal ORDER BY execution_id";
const SELECT_REST: &str = "SELECT id FROM repeat WHERE execution = ?1 AND rest = 1";
const INSERT: &str = "INSERT INTO journal (execution_id, seq, event) VALUES (?1, ?2, ?3)";
const SELECT_ALL: &str =
    "SELECT seq, event FROM journal WHERE execution_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";

#[async_trait]
impl Journal for SqliteStore {
    async fn append(
        &self,
        id: &ExecutionId,
        expected: Seq,
        events: &[Event],
    ) -> Result<Seq, StoreError> {
        if events.is_empty() {
            let id = id.clone();
            return self
                .0
                .readers
                .read(|connection| fence(connection, &id, expected))
                .map(|()| expected);
        }
        let secrets = self.secrets_for(id, expected, events)?;
        let blobs = (expected + 1..)
            .zip(events)
            .map(|(seq, event)| self.0.encode_event(id, seq, event, &secrets))
            .collect::<Result<Vec<_>, _>>()?;
        let masked: Vec<Event> = events.iter().map(|event| secrets.mask(event)).collect();
        let (id, origin) = (id.clone(), self.0.origin.clone());
        let owners = Arc::clone(&self.0.owners);
        self.0
            .writer
            .write_soon(move |connection| {
                let last = append(connection, &id, expected, &blobs, &masked)?;
                follow(connection, &owners, &id, &masked)?;
                record_deeds(connection, &origin, &id, expected, &masked)?;
                Ok(last)
            })
            .await
    }

    async fn read(&self, id: &ExecutionId) -> Result<Vec<Event>, StoreError> {
        let events = self.stored_events(id, 0, usize::MAX)?;
        Ok(events.into_iter().map(|(_, event)| event).collect())
    }

    async fn start(&self, id: &ExecutionId) -> Result<Option<Box<Started>>, StoreError> {
        self.0.start(id)
    }
}

impl SqliteStore {
    fn secrets_for(
        &self,
        id: &ExecutionId,
        expected: Seq,
        events: &[Event],
    ) -> Result<Secrets, StoreError> {
        match events.first().map(|event| &event.fact) {
            Some(Fact::ExecutionStarted(started)) if expected == 0 => {
                let secrets = Secrets::of(started);
                self.0.remember_secrets(id, secrets.clone());
                Ok(secrets)
            }
            _ => self.0.secrets(id),
        }
    }

    /// Returns events behind position `after`, as they are.
    pub(super) fn stored_events(
        &self,
        id: &ExecutionId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<(Seq, Event)>, StoreError> {
        self.0
            .readers
            .read(|connection| read_events(connection, &self.0.key, id, after, limit))
    }
}

/// Returns events behind position `after`, as they are; refuses a journal with a gap.
pub(super) fn read_events(
    connection: &Connection,
    key: &KeyFile,
    id: &ExecutionId,
    after: Seq,
    limit: usize,
) -> Result<Vec<(Seq, Event)>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(SELECT_ALL)?;
    let mut rows = statement.query((id.as_str(), after, limit))?;
    let mut events = Vec::new();
    let mut next = after + 1;
    while let Some(row) = rows.next()? {
        let seq: Seq = row.get(0)?;
        if seq != next {
            let gap = format!("event {next} is missing");
            return Err(damaged(format!("journal of {id}"), gap));
        }
        let blob = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        events.push((seq, decode_event(key, id, seq, blob)?));
        next += 1;
    }
    Ok(events)
}

/// Returns every execution that has a journal, but for those that were let go of.
pub(super) fn journals(connection: &Connection) -> Result<Vec<ExecutionId>, StoreError> {
    let gone = under_way(connection)?;
    let mut statement = connection.prepare_cached(JOURNALS)?;
    let ids = statement.query_map([], |row| id_column(row, 0))?;
    let mut ids = ids.collect::<Result<Vec<_>, _>>()?;
    ids.retain(|id| gone.is_empty() || !gone.contains(&id.root()));
    Ok(ids)
}

fn append(
    connection: &Connection,
    id: &ExecutionId,
    expected: Seq,
    blobs: &[Vec<u8>],
    masked: &[Event],
) -> Result<Seq, StoreError> {
    fence(connection, id, expected)?;
    let rows = StoredRows { connection, id };
    let changes = fold(id, &rows, expected + 1, masked)?;
    refuse_second_rest(connection, &changes)?;
    trigger::refuse_second_firing(connection, &changes)?;
    let mut insert = connection.prepare_cached(INSERT)?;
    let mut last = expected;
    for blob in blobs {
        last += 1;
        insert.execute((id.as_str(), last, blob))?;
    }
    save(connection, id, &changes)?;
    Ok(last)
}

/// Of two that want to do the rest of an execution, also from two processes, the second is refused.
fn refuse_second_rest(connection: &Connection, changes: &Changes) -> Result<(), StoreError> {
    let Some((execution, true)) = &changes.repeat else {
        return Ok(());
    };
    let by = connection
        .prepare_cached(SELECT_REST)?
        .query_row([execution.as_str()], |row| id_column(row, 0))
        .optional()?;
    match by {
        Some(by) => Err(StoreError::Taken {
            execution: execution.clone(),
            by,
        }),
        None => Ok(()),
    }
}

/// Writes the audit records of what `masked` tells of people.
fn record_deeds(
    connection: &Connection,
    origin: &str,
    id: &ExecutionId,
    expected: Seq,
    masked: &[Event],
) -> Result<(), StoreError> {
    for (seq, event) in (expected + 1..).zip(masked) {
        if let Some(deed) = deed_of(id, seq, event) {
            audit::insert(connection, event.at, origin, &deed)?;
        }
    }
    Ok(())
}

fn fence(connection: &Connection, id: &ExecutionId, expected: Seq) -> Result<(), StoreError> {
    let found: Option<Seq> = connection
        .prepare_cached(SELECT_LAST)?
        .query_row([id.as_str()], |row| row.get(0))?;
    let found = found.unwrap_or(0);
    if found == expected {
        Ok(())
    } else {
        Err(StoreError::Conflict {
            id: id.clone(),
            expected,
            found,
        })
    }
}
