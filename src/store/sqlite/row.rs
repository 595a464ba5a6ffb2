//! Projection rows in their tables.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as WordError, StrDeserializer};

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::Value;
use crate::store::StoreError;
use crate::store::projection::{Changes, DetailRow, ExecutionRow, Place, Rows, TaskRow, WatchRow};
use crate::store::sqlite::command;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::trigger;
use crate::store::view::LoopCounts;

/// The columns that [`execution_row`] reads.
const SELECT_EXECUTION: &str = "\
    SELECT template_name, template_version, status, message, waiting, mode, safety_check, role, \
           user, started, updated, ended, plan, self_approval, \
           fired_by \
    FROM execution WHERE id = ?1";
const INSERT_EXECUTION: &str = "\
    INSERT INTO execution (id, parent, template_name, template_key, template_version, status, \
        message, waiting, mode, safety_check, role, user, started, updated, ended, \
        plan, self_approval, fired_by) \
    VALUES (:id, :parent, :template_name, :template_key, :template_version, :status, :message, \
        :waiting, :mode, :safety_check, :role, :user, :started, :updated, :ended, :plan, :self_approval, \
        :fired_by)";
const UPDATE_EXECUTION: &str = "\
    UPDATE execution SET status = ?2, message = ?3, waiting = ?4, updated = ?5, ended = ?6, \
        plan = ?7 \
    WHERE id = ?1";
const SELECT_DETAIL: &str =
    "SELECT parameters, outputs, description, tags FROM execution_detail WHERE id = ?1";
const INSERT_DETAIL: &str = "\
    INSERT INTO execution_detail (id, parameters, outputs, description, tags) \
    VALUES (?1, ?2, ?3, ?4, ?5)";
const SELECT_REPEAT: &str = "SELECT execution, rest FROM repeat WHERE id = ?1";
const INSERT_REPEAT: &str = "INSERT INTO repeat (id, execution, rest) VALUES (?1, ?2, ?3)";
const INSERT_TAG: &str = "INSERT INTO execution_tag (key, value, id) VALUES (?1, ?2, ?3)";
const UPDATE_OUTPUTS: &str = "UPDATE execution_detail SET outputs = ?2 WHERE id = ?1";
/// The columns that [`task_row`] reads.
const SELECT_TASK: &str = "\
    SELECT task, item, name, action, status, message, waiting, properties, outputs, total, \
           success, failed, running, skipped, waiting_items, attempt, child, begun, started, ended \
    FROM task WHERE execution_id = ?1 AND task = ?2 AND item = ?3";
const UPSERT_TASK: &str = "\
    INSERT INTO task (execution_id, task, item, name, action, status, message, waiting, \
        properties, outputs, total, success, failed, running, skipped, waiting_items, attempt, \
        child, begun, started, ended) \
    VALUES (:id, :task, :item, :name, :action, :status, :message, :waiting, :properties, \
        :outputs, :total, :success, :failed, :running, :skipped, :waiting_items, :attempt, \
        :child, :begun, :started, :ended) \
    ON CONFLICT DO UPDATE SET name = :name, action = :action, status = :status, \
        message = :message, waiting = :waiting, properties = :properties, outputs = :outputs, \
        total = :total, success = :success, failed = :failed, running = :running, \
        skipped = :skipped, waiting_items = :waiting_items, attempt = :attempt, child = :child, \
        begun = :begun, started = :started, ended = :ended";
const CLEAR_ITEMS: &str = "DELETE FROM task WHERE execution_id = ?1 AND task = ?2 AND item >= 0";
const CLEAR_BLOCKS: &str = "DELETE FROM loop_block WHERE execution_id = ?1 AND task = ?2";
const INSERT_BLOCK: &str =
    "INSERT INTO loop_block (execution_id, task, block, items) VALUES (?1, ?2, ?3, ?4)";

/// Items of a loop that are stored together.
pub(super) const BLOCK: usize = 256;

/// The rows of one execution as they are stored.
pub(super) struct StoredRows<'a> {
    pub(super) connection: &'a Connection,
    pub(super) id: &'a ExecutionId,
}

impl Rows for StoredRows<'_> {
    fn execution(&self) -> Result<Option<ExecutionRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(SELECT_EXECUTION)?;
        Ok(statement
            .query_row([self.id.as_str()], |row| execution_row(row, 0))
            .optional()?)
    }

    fn task(&self, place: Place) -> Result<Option<TaskRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(SELECT_TASK)?;
        let key = (self.id.as_str(), place.task, item_column(place));
        let found = statement.query_row(key, task_row).optional()?;
        Ok(found.map(|(_, row)| row))
    }

    fn watch(&self) -> Result<Option<WatchRow>, StoreError> {
        trigger::watch(self.connection, self.id)
    }
}

/// Returns the large part of an execution.
pub(super) fn detail(connection: &Connection, id: &ExecutionId) -> Result<DetailRow, StoreError> {
    let mut statement = connection.prepare_cached(SELECT_DETAIL)?;
    let row = statement
        .query_row([id.as_str()], |row| {
            Ok(DetailRow {
                parameters: json_column(row, 0)?,
                outputs: json_column(row, 1)?,
                description: row.get(2)?,
                tags: json_column(row, 3)?,
            })
        })
        .optional()?;
    row.ok_or_else(|| damaged(format!("execution_detail {id}"), "it is missing"))
}

/// Returns which execution an execution repeats, and whether only its rest.
pub(super) fn repeat(
    connection: &Connection,
    id: &ExecutionId,
) -> Result<Option<(ExecutionId, bool)>, StoreError> {
    let mut statement = connection.prepare_cached(SELECT_REPEAT)?;
    let found = statement.query_row([id.as_str()], |row| Ok((id_column(row, 0)?, row.get(1)?)));
    Ok(found.optional()?)
}

/// Stores changed rows.
pub(super) fn save(
    connection: &Connection,
    id: &ExecutionId,
    changes: &Changes,
) -> Result<(), StoreError> {
    if let Some(detail) = &changes.detail {
        insert_execution(connection, id, &changes.execution)?;
        insert_detail(connection, id, detail)?;
    } else {
        let row = &changes.execution;
        connection.prepare_cached(UPDATE_EXECUTION)?.execute((
            id.as_str(),
            row.status.as_str(),
            &row.message,
            json_or_null(row.waiting.as_ref())?,
            row.updated.as_microsecond(),
            row.ended.map(Timestamp::as_microsecond),
            json_or_null(row.plan.as_ref())?,
        ))?;
    }
    if let Some((execution, rest)) = &changes.repeat {
        connection.prepare_cached(INSERT_REPEAT)?.execute((
            id.as_str(),
            execution.as_str(),
            rest,
        ))?;
    }
    if let Some(outputs) = &changes.outputs {
        connection
            .prepare_cached(UPDATE_OUTPUTS)?
            .execute((id.as_str(), json(outputs)?))?;
    }
    for task in &changes.cleared {
        for statement in [CLEAR_ITEMS, CLEAR_BLOCKS] {
            connection
                .prepare_cached(statement)?
                .execute((id.as_str(), task))?;
        }
    }
    for (task, items) in &changes.plans {
        for (block, items) in items.chunks(BLOCK).enumerate() {
            connection.prepare_cached(INSERT_BLOCK)?.execute((
                id.as_str(),
                task,
                block,
                json(&items)?,
            ))?;
        }
    }
    for (place, row) in &changes.tasks {
        upsert_task(connection, id, *place, row)?;
    }
    trigger::save(connection, id, changes)?;
    command::save(connection, id, changes)
}

fn insert_execution(
    connection: &Connection,
    id: &ExecutionId,
    row: &ExecutionRow,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(INSERT_EXECUTION)?
        .execute(named_params! {
            ":id": id.as_str(),
            ":parent": id.parent().as_ref().map(ExecutionId::as_str),
            ":template_name": row.template_name,
            ":template_key": row.template_name.to_lowercase(),
            ":template_version": row.template_version,
            ":status": row.status.as_str(),
            ":message": row.message,
            ":waiting": json_or_null(row.waiting.as_ref())?,
            ":mode": word(row.mode)?,
            ":safety_check": word(row.safety_check)?,
            ":role": row.role,
            ":user": row.user,
            ":started": row.started.as_microsecond(),
            ":updated": row.updated.as_microsecond(),
            ":ended": row.ended.map(Timestamp::as_microsecond),
            ":plan": json_or_null(row.plan.as_ref())?,
            ":self_approval": row.self_approval,
            ":fired_by": row.fired_by.as_ref().map(ExecutionId::as_str),
        })?;
    Ok(())
}

fn insert_detail(
    connection: &Connection,
    id: &ExecutionId,
    detail: &DetailRow,
) -> Result<(), StoreError> {
    connection.prepare_cached(INSERT_DETAIL)?.execute((
        id.as_str(),
        json(&detail.parameters)?,
        json(&detail.outputs)?,
        &detail.description,
        json(&detail.tags)?,
    ))?;
    for (key, value) in &detail.tags {
        connection
            .prepare_cached(INSERT_TAG)?
            .execute((key, value, id.as_str()))?;
    }
    Ok(())
}

fn upsert_task(
    connection: &Connection,
    id: &ExecutionId,
    place: Place,
    row: &TaskRow,
) -> Result<(), StoreError> {
    let counts = row.counts.unwrap_or_default();
    connection
        .prepare_cached(UPSERT_TASK)?
        .execute(named_params! {
            ":id": id.as_str(),
            ":task": place.task,
            ":item": item_column(place),
            ":name": row.name,
            ":action": row.action,
            ":status": row.status.as_str(),
            ":message": row.message,
            ":waiting": json_or_null(row.waiting.as_ref())?,
            ":properties": json(&row.properties)?,
            ":outputs": json(&row.outputs)?,
            ":total": row.counts.map(|counts| counts.total),
            ":success": counts.success,
            ":failed": counts.failed,
            ":running": counts.running,
            ":skipped": counts.skipped,
            ":waiting_items": row.waiting_items,
            ":attempt": row.attempt,
            ":child": row.child.as_ref().map(ExecutionId::as_str),
            ":begun": row.begun,
            ":started": row.started.map(Timestamp::as_microsecond),
            ":ended": row.ended.map(Timestamp::as_microsecond),
        })?;
    Ok(())
}

/// Reads an execution from columns that begin at `first`.
pub(super) fn execution_row(row: &Row<'_>, first: usize) -> rusqlite::Result<ExecutionRow> {
    Ok(ExecutionRow {
        template_name: row.get(first)?,
        template_version: row.get(first + 1)?,
        status: word_column(row, first + 2)?,
        message: row.get(first + 3)?,
        waiting: optional_json_column(row, first + 4)?,
        mode: word_column(row, first + 5)?,
        safety_check: word_column(row, first + 6)?,
        role: row.get(first + 7)?,
        user: row.get(first + 8)?,
        started: time_column(row, first + 9)?,
        updated: time_column(row, first + 10)?,
        ended: optional_time_column(row, first + 11)?,
        plan: optional_json_column(row, first + 12)?,
        self_approval: row.get(first + 13)?,
        fired_by: optional_id_column(row, first + 14)?,
    })
}

/// Reads a task or item.
pub(super) fn task_row(row: &Row<'_>) -> rusqlite::Result<(Place, TaskRow)> {
    let item: i64 = row.get(1)?;
    let place = Place {
        task: row.get(0)?,
        item: u32::try_from(item).ok(),
    };
    let total: Option<u32> = row.get(9)?;
    let counts = match total {
        None => None,
        Some(total) => Some(LoopCounts {
            total,
            success: row.get(10)?,
            failed: row.get(11)?,
            running: row.get(12)?,
            skipped: row.get(13)?,
        }),
    };
    let child = optional_id_column(row, 16)?;
    let row = TaskRow {
        name: row.get(2)?,
        action: row.get(3)?,
        status: word_column(row, 4)?,
        message: row.get(5)?,
        waiting: optional_json_column(row, 6)?,
        properties: json_column::<Value>(row, 7)?,
        outputs: json_column(row, 8)?,
        counts,
        waiting_items: row.get(14)?,
        attempt: row.get(15)?,
        child,
        begun: row.get(17)?,
        started: optional_time_column(row, 18)?,
        ended: optional_time_column(row, 19)?,
    };
    Ok((place, row))
}

pub(super) fn item_column(place: Place) -> i64 {
    place.item.map_or(-1, i64::from)
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| damaged("row", error))
}

fn json_or_null<T: Serialize>(value: Option<&T>) -> Result<Option<String>, StoreError> {
    value.map(json).transpose()
}

/// Returns the one word that an enum without data is written as.
pub(super) fn word<T: Serialize>(value: T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => Ok(word),
        Ok(other) => Err(damaged("row", format!("`{other}` is no word"))),
        Err(error) => Err(damaged("row", error)),
    }
}

pub(super) fn word_column<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    T::deserialize(StrDeserializer::<WordError>::new(text))
        .map_err(|error| unreadable(column, error))
}

pub(super) fn json_column<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| unreadable(column, error))
}

fn optional_json_column<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(column)?.as_str_or_null()? {
        None => Ok(None),
        Some(_) => json_column(row, column).map(Some),
    }
}

pub(super) fn time_column(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|error| unreadable(column, error))
}

pub(super) fn optional_time_column(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<Timestamp>> {
    let micros: Option<i64> = row.get(column)?;
    micros
        .map(|micros| {
            Timestamp::from_microsecond(micros).map_err(|error| unreadable(column, error))
        })
        .transpose()
}

pub(super) fn optional_id_column(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<ExecutionId>> {
    match row.get_ref(column)?.as_str_or_null()? {
        None => Ok(None),
        Some(_) => id_column(row, column).map(Some),
    }
}

pub(super) fn optional_word_column<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(column)?.as_str_or_null()? {
        None => Ok(None),
        Some(_) => word_column(row, column).map(Some),
    }
}

pub(super) fn id_column(row: &Row<'_>, column: usize) -> rusqlite::Result<ExecutionId> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error| unreadable(column, error))
}

/// Makes the error for a column whose text cannot be understood.
pub(super) fn unreadable(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
