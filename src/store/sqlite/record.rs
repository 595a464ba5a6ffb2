//! Documents of the provider.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::json;

use crate::base::records::{Record, RecordChange, RecordError, RecordQuery, Records};
use crate::base::value::Value;
use crate::store::StoreError;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::row::json_column;
use crate::store::sqlite::store::Shared;

/// The columns that [`read`] reads.
const SELECT: &str =
    "SELECT kind, id, revision, tags, document FROM record WHERE kind = ?1 AND id = ?2";
const LIST: &str = "\
    SELECT kind, id, revision, tags, document FROM record WHERE kind = ?1 ORDER BY number";
const LIST_BY_ID: &str = "\
    SELECT kind, id, revision, tags, document FROM record \
    WHERE kind = ?1 AND id IN (SELECT value FROM json_each(?2)) ORDER BY number";
const LIST_BY_TAG: &str = "\
    SELECT kind, id, revision, tags, document FROM record \
    WHERE number IN (SELECT record FROM record_tag \
        WHERE kind = ?1 AND key = ?2 AND (?3 IS NULL OR value = ?3)) ORDER BY number";
const FIND: &str = "SELECT number, revision, tags FROM record WHERE kind = ?1 AND id = ?2";
const INSERT: &str = "\
    INSERT INTO record (kind, id, revision, tags, document) VALUES (?1, ?2, 1, ?3, ?4)";
const UPDATE: &str = "UPDATE record SET revision = ?2, tags = ?3, document = ?4 WHERE number = ?1";
const DELETE: &str = "DELETE FROM record WHERE number = ?1";
const INSERT_TAG: &str =
    "INSERT OR IGNORE INTO record_tag (kind, key, value, record) VALUES (?1, ?2, ?3, ?4)";
const DELETE_TAG: &str =
    "DELETE FROM record_tag WHERE kind = ?1 AND key = ?2 AND value = ?3 AND record = ?4";

impl Records for SqliteStore {
    fn get(&self, kind: &str, id: &str) -> Result<Option<Record>, RecordError> {
        let found = self.0.read_latest(|connection| {
            let mut statement = connection.prepare_cached(SELECT)?;
            Ok(statement.query_row([kind, id], read).optional()?)
        })?;
        Ok(found.map(|record| self.0.open_record(record)).transpose()?)
    }

    fn list(&self, kind: &str, query: &RecordQuery) -> Result<Vec<Record>, RecordError> {
        let mut records = self.0.read_latest(|connection| {
            let found = match (&query.ids, query.tags.first()) {
                (Some(ids), _) => connection
                    .prepare_cached(LIST_BY_ID)?
                    .query_map((kind, json!(ids).to_string()), read)?
                    .collect::<Result<Vec<_>, _>>(),
                (None, Some((key, value))) => connection
                    .prepare_cached(LIST_BY_TAG)?
                    .query_map((kind, key, value), read)?
                    .collect(),
                (None, None) => connection
                    .prepare_cached(LIST)?
                    .query_map([kind], read)?
                    .collect(),
            };
            Ok(found?)
        })?;
        if records.iter().any(|record| record.sealed) {
            let opened = records.into_iter().map(|record| self.0.open_record(record));
            records = opened.collect::<Result<_, _>>()?;
        }
        // The table gave those with the right ids or the first tag.
        if query.tags.len() > usize::from(query.ids.is_none()) {
            records.retain(|record| query.selects(record));
        }
        Ok(records)
    }

    fn make_durable(&self) -> Result<(), RecordError> {
        Ok(self.0.writer.outside_transactions(|_| Ok(()))?)
    }

    fn write(&self, changes: Vec<RecordChange>) -> Result<(), RecordError> {
        let changes: Vec<RecordChange> = changes
            .into_iter()
            .map(|change| self.0.close_record(change))
            .collect::<Result<_, _>>()?;
        self.0.writer.write_ahead(|connection| {
            changes
                .iter()
                .try_for_each(|change| apply(connection, change))
        })
    }
}

/// Documents are maps; one that is sealed is kept as a text: the sealed map in Base64.
impl Shared {
    fn close_record(&self, change: RecordChange) -> Result<RecordChange, StoreError> {
        match change {
            RecordChange::Put(record) if record.sealed => {
                let place = record_place(&record);
                let text = record.document.to_string();
                let blob = self.key.for_writing()?.seal(text.as_bytes(), &place)?;
                let document = Value::String(STANDARD.encode(blob));
                Ok(RecordChange::Put(Record { document, ..record }))
            }
            other => Ok(other),
        }
    }

    fn open_record(&self, record: Record) -> Result<Record, StoreError> {
        let Value::String(packed) = &record.document else {
            return Ok(record);
        };
        let place = record_place(&record);
        let unreadable = |error: &dyn std::fmt::Display| damaged(&place, error);
        let blob = STANDARD
            .decode(packed)
            .map_err(|error| unreadable(&error))?;
        let text = self.key.for_reading()?.open(&blob, &place)?;
        let document = serde_json::from_slice(&text).map_err(|error| unreadable(&error))?;
        Ok(Record { document, ..record })
    }
}

fn record_place(record: &Record) -> String {
    format!("record {}/{}", record.kind, record.id)
}

/// What is stored of a record that is to be changed.
struct Found {
    number: i64,
    revision: u64,
    tags: Vec<(String, String)>,
}

fn apply(connection: &Connection, change: &RecordChange) -> Result<(), RecordError> {
    let (kind, id, revision) = match change {
        RecordChange::Put(record) => (&record.kind, &record.id, record.revision),
        RecordChange::Delete { kind, id, revision } => (kind, id, *revision),
    };
    let found = find(connection, kind, id)?;
    let stored = found.as_ref().map_or(0, |found| found.revision);
    if stored != revision {
        return Err(RecordError::Conflict {
            kind: kind.clone(),
            id: id.clone(),
        });
    }
    if let Some(found) = &found {
        for (key, value) in &found.tags {
            run(connection, DELETE_TAG, (kind, key, value, found.number))?;
        }
    }
    match (change, found) {
        (RecordChange::Put(record), found) => put(connection, record, found.as_ref()),
        (RecordChange::Delete { .. }, Some(found)) => run(connection, DELETE, [found.number]),
        // Revision 0 of a record that is not there: it is gone already.
        (RecordChange::Delete { .. }, None) => Ok(()),
    }
}

fn put(connection: &Connection, record: &Record, found: Option<&Found>) -> Result<(), RecordError> {
    let tags = json!(record.tags).to_string();
    let document = record.document.to_string();
    let number = if let Some(found) = found {
        run(
            connection,
            UPDATE,
            (found.number, found.revision + 1, tags, document),
        )?;
        found.number
    } else {
        run(
            connection,
            INSERT,
            (&record.kind, &record.id, tags, document),
        )?;
        connection.last_insert_rowid()
    };
    for (key, value) in &record.tags {
        run(connection, INSERT_TAG, (&record.kind, key, value, number))?;
    }
    Ok(())
}

fn find(connection: &Connection, kind: &str, id: &str) -> Result<Option<Found>, StoreError> {
    let mut statement = connection.prepare_cached(FIND)?;
    let found = statement.query_row([kind, id], |row| {
        Ok(Found {
            number: row.get(0)?,
            revision: row.get(1)?,
            tags: json_column(row, 2)?,
        })
    });
    Ok(found.optional()?)
}

fn run(
    connection: &Connection,
    sql: &str,
    arguments: impl rusqlite::Params,
) -> Result<(), RecordError> {
    let execute = || -> Result<(), StoreError> {
        connection.prepare_cached(sql)?.execute(arguments)?;
        Ok(())
    };
    Ok(execute()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Record> {
    let document: Value = json_column(row, 4)?;
    Ok(Record {
        kind: row.get(0)?,
        id: row.get(1)?,
        revision: row.get(2)?,
        tags: json_column(row, 3)?,
        sealed: document.is_string(),
        document,
    })
}
