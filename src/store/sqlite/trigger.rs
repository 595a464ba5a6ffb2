//! Triggers and firings in their tables.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::store::projection::{Changes, FiringKey, FiringRow, WatchRow};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::row::{
    id_column, json, json_column, optional_id_column, optional_time_column, optional_word_column,
    time_column, word, word_column,
};
use crate::store::{FiringView, StoreError, TriggerMark, TriggerView, Triggers};

const UPSERT_WATCH: &str = "\
    INSERT INTO watch (execution_id, kind, settings, paused, resumed, renewed, began) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
    ON CONFLICT DO UPDATE SET settings = excluded.settings, paused = excluded.paused, \
        resumed = excluded.resumed, renewed = excluded.renewed";
const SELECT_WATCH: &str =
    "SELECT kind, settings, paused, resumed, renewed, began FROM watch WHERE execution_id = ?1";
const INSERT_FIRING: &str = "\
    INSERT INTO firing (trigger_id, at, source, nominal, until, count, cause, note, execution_id) \
    VALUES (:trigger, :at, :source, :nominal, :until, :count, :cause, :note, :execution)";
const SELECT_FIRING: &str = "\
    SELECT nominal, until, count, cause, note, execution_id FROM firing \
    WHERE trigger_id = ?1 AND at = ?2 AND source = ?3";
const HANDLED: &str = "SELECT max(until) FROM firing WHERE trigger_id = ?1 AND until IS NOT NULL";
const LIST: &str = "\
    SELECT watch.execution_id, template_name, kind, settings, status, paused, resumed, renewed, began, user, \
        (SELECT max(until) FROM firing \
         WHERE trigger_id = watch.execution_id AND until IS NOT NULL), \
        (SELECT coalesce(max(seq), 0) FROM journal WHERE execution_id = watch.execution_id) \
    FROM watch JOIN execution ON execution.id = watch.execution_id";
const MARKS: &str = "\
    SELECT watch.execution_id, kind, paused, resumed, renewed \
    FROM watch JOIN execution ON execution.id = watch.execution_id WHERE ended IS NULL";
const ONLY_LIVE: &str = " WHERE ended IS NULL";
const ONLY_ONE: &str = " WHERE watch.execution_id = ?1";
const OLDEST_FIRST: &str = " ORDER BY began, watch.execution_id";
const FIRINGS: &str = "\
    SELECT firing.at, nominal, until, count, cause, note, execution_id, status \
    FROM firing LEFT JOIN execution ON execution.id = firing.execution_id \
    WHERE trigger_id = ?1 ORDER BY firing.at DESC, source DESC LIMIT ?2";
const RUNNING: &str = "\
    SELECT id FROM execution WHERE fired_by = ?1 AND ended IS NULL ORDER BY started, id";

#[async_trait]
impl Triggers for SqliteStore {
    async fn triggers(&self, ended: bool) -> Result<Vec<TriggerView>, StoreError> {
        let only = if ended { "" } else { ONLY_LIVE };
        self.0.readers.read(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("{LIST}{only}{OLDEST_FIRST}"))?;
            let triggers = statement.query_map([], trigger_row)?;
            Ok(triggers.collect::<Result<_, _>>()?)
        })
    }

    async fn marks(&self) -> Result<Vec<TriggerMark>, StoreError> {
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(MARKS)?;
            let marks = statement.query_map([], |row| {
                Ok(TriggerMark {
                    execution_id: id_column(row, 0)?,
                    trigger_type: word_column(row, 1)?,
                    paused: row.get(2)?,
                    resumed: optional_time_column(row, 3)?,
                    renewed: optional_time_column(row, 4)?,
                })
            })?;
            Ok(marks.collect::<Result<_, _>>()?)
        })
    }

    async fn trigger(&self, id: &ExecutionId) -> Result<Option<TriggerView>, StoreError> {
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(&format!("{LIST}{ONLY_ONE}"))?;
            Ok(statement.query_row([id.as_str()], trigger_row).optional()?)
        })
    }

    async fn firings(&self, id: &ExecutionId, limit: usize) -> Result<Vec<FiringView>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(FIRINGS)?;
            let firings = statement.query_map((id.as_str(), limit), |row| {
                Ok(FiringView {
                    trigger: id.clone(),
                    date: time_column(row, 0)?,
                    nominal_time: optional_time_column(row, 1)?,
                    until_time: optional_time_column(row, 2)?,
                    count: row.get(3)?,
                    cause: optional_word_column(row, 4)?,
                    note: row.get(5)?,
                    execution_id: optional_id_column(row, 6)?,
                    status: optional_word_column(row, 7)?,
                })
            })?;
            Ok(firings.collect::<Result<_, _>>()?)
        })
    }

    async fn running(&self, id: &ExecutionId) -> Result<Vec<ExecutionId>, StoreError> {
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(RUNNING)?;
            let ids = statement.query_map([id.as_str()], |row| id_column(row, 0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }
}

fn trigger_row(row: &Row<'_>) -> rusqlite::Result<TriggerView> {
    Ok(TriggerView {
        execution_id: id_column(row, 0)?,
        template_name: row.get(1)?,
        trigger_type: word_column(row, 2)?,
        settings: json_column(row, 3)?,
        status: word_column(row, 4)?,
        paused: row.get(5)?,
        resumed: optional_time_column(row, 6)?,
        renewed: optional_time_column(row, 7)?,
        start_date: time_column(row, 8)?,
        executed_by: row.get(9)?,
        handled: optional_time_column(row, 10)?,
        length: row.get(11)?,
    })
}

/// Returns the trigger of an execution, if it waits for one.
pub(super) fn watch(
    connection: &Connection,
    id: &ExecutionId,
) -> Result<Option<WatchRow>, StoreError> {
    let mut statement = connection.prepare_cached(SELECT_WATCH)?;
    let row = statement.query_row([id.as_str()], |row| {
        Ok(WatchRow {
            kind: word_column(row, 0)?,
            settings: json_column(row, 1)?,
            paused: row.get(2)?,
            resumed: optional_time_column(row, 3)?,
            renewed: optional_time_column(row, 4)?,
            began: time_column(row, 5)?,
        })
    });
    Ok(row.optional()?)
}

/// Refuses changes that make something of a time of a trigger at or before one that something became
/// of already, be it by another process.
pub(super) fn refuse_second_firing(
    connection: &Connection,
    changes: &Changes,
) -> Result<(), StoreError> {
    for (key, row) in &changes.firings {
        let Some(nominal) = row.nominal else {
            continue;
        };
        let handled = connection
            .prepare_cached(HANDLED)?
            .query_row([key.trigger.as_str()], |row| optional_time_column(row, 0))?;
        if handled.is_some_and(|handled| nominal <= handled) {
            return Err(StoreError::Passed {
                trigger: key.trigger.clone(),
                nominal,
            });
        }
    }
    Ok(())
}

/// Stores changed triggers and new firings.
pub(super) fn save(
    connection: &Connection,
    id: &ExecutionId,
    changes: &Changes,
) -> Result<(), StoreError> {
    if let Some(row) = &changes.watch {
        connection.prepare_cached(UPSERT_WATCH)?.execute((
            id.as_str(),
            word(row.kind)?,
            json(&row.settings)?,
            row.paused,
            row.resumed.map(Timestamp::as_microsecond),
            row.renewed.map(Timestamp::as_microsecond),
            row.began.as_microsecond(),
        ))?;
    }
    for (key, row) in &changes.firings {
        connection
            .prepare_cached(INSERT_FIRING)?
            .execute(named_params! {
                ":trigger": key.trigger.as_str(),
                ":at": key.at.as_microsecond(),
                ":source": key.source,
                ":nominal": row.nominal.map(Timestamp::as_microsecond),
                ":until": row.until.map(Timestamp::as_microsecond),
                ":count": row.count,
                ":cause": row.cause.map(word).transpose()?,
                ":note": row.note,
                ":execution": row.execution.as_ref().map(ExecutionId::as_str),
            })?;
    }
    Ok(())
}

/// Tells whether the trigger and the firings of an execution are listed as they should be.
pub(super) fn are_listed(
    connection: &Connection,
    id: &ExecutionId,
    expected: &Changes,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(SELECT_FIRING)?;
    for (key, row) in &expected.firings {
        if firing(&mut statement, key)?.as_ref() != Some(row) {
            return Ok(false);
        }
    }
    Ok(watch(connection, id)? == expected.watch)
}

fn firing(
    statement: &mut rusqlite::CachedStatement<'_>,
    key: &FiringKey,
) -> Result<Option<FiringRow>, StoreError> {
    let place = (key.trigger.as_str(), key.at.as_microsecond(), &key.source);
    let found = statement.query_row(place, |row| {
        Ok(FiringRow {
            nominal: optional_time_column(row, 0)?,
            until: optional_time_column(row, 1)?,
            count: row.get(2)?,
            cause: optional_word_column(row, 3)?,
            note: row.get(4)?,
            execution: optional_id_column(row, 5)?,
        })
    });
    Ok(found.optional()?)
}
