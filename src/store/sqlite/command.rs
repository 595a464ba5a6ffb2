//! The time lines of hosts in their table.

use rusqlite::{Connection, OptionalExtension as _, named_params};

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::store::StoreError;
use crate::store::projection::{Changes, CommandKey, CommandPlace, CommandRow, command_view};
use crate::store::sqlite::row::{id_column, optional_time_column, time_column, word_column};
use crate::store::view::{CommandFilter, CommandView};

const UPSERT: &str = "\
    INSERT INTO command (target, started, execution_id, task, item, attempt, status, code, ended) \
    VALUES (:target, :started, :id, :task, :item, :attempt, :status, :code, :ended) \
    ON CONFLICT DO UPDATE SET status = excluded.status, code = excluded.code, \
        ended = excluded.ended";
const SELECT: &str = "\
    SELECT status, code, ended FROM command WHERE target = ?1 AND started = ?2 \
        AND execution_id = ?3 AND task = ?4 AND item = ?5 AND attempt = ?6";
const LIST: &str = "\
    SELECT c.started, c.execution_id, c.task, c.item, c.attempt, c.status, c.code, c.ended, \
           execution.template_name, execution.user, top.name, top.action \
    FROM command AS c JOIN execution ON execution.id = c.execution_id \
        JOIN task AS top ON top.execution_id = c.execution_id AND top.task = c.task \
            AND top.item = -1 \
    WHERE c.target = :target AND c.started >= :since \
    ORDER BY c.started DESC, c.execution_id DESC, c.task DESC, c.item DESC, c.attempt DESC \
    LIMIT :limit";

const PAGE: usize = 50;

/// Stores changed commands.
pub(super) fn save(
    connection: &Connection,
    id: &ExecutionId,
    changes: &Changes,
) -> Result<(), StoreError> {
    for (key, row) in &changes.commands {
        connection.prepare_cached(UPSERT)?.execute(named_params! {
            ":target": key.target,
            ":started": key.started.as_microsecond(),
            ":id": id.as_str(),
            ":task": key.task,
            ":item": item_column(key),
            ":attempt": key.attempt,
            ":status": row.status.as_str(),
            ":code": row.code,
            ":ended": row.ended.map(Timestamp::as_microsecond),
        })?;
    }
    Ok(())
}

/// Tells whether the commands of an execution are listed as they should be.
pub(super) fn are_listed(
    connection: &Connection,
    id: &ExecutionId,
    expected: &Changes,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(SELECT)?;
    for (key, row) in &expected.commands {
        let place = (
            &key.target,
            key.started.as_microsecond(),
            id.as_str(),
            key.task,
            item_column(key),
            key.attempt,
        );
        let found = statement
            .query_row(place, |row| {
                Ok(CommandRow {
                    status: word_column(row, 0)?,
                    code: row.get(1)?,
                    ended: optional_time_column(row, 2)?,
                })
            })
            .optional()?;
        if found.as_ref() != Some(row) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns the commands that `filter` selects.
pub(super) fn list(
    connection: &Connection,
    filter: &CommandFilter,
) -> Result<Vec<CommandView>, StoreError> {
    let limit = if filter.limit == 0 {
        PAGE
    } else {
        filter.limit
    };
    let mut statement = connection.prepare_cached(LIST)?;
    let rows = statement.query_map(
        named_params! {
            ":target": filter.target,
            ":since": filter.since.map_or(i64::MIN, Timestamp::as_microsecond),
            ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
        },
        |row| {
            let item: i64 = row.get(3)?;
            let key = CommandKey {
                target: filter.target.clone(),
                started: time_column(row, 0)?,
                task: row.get(2)?,
                item: u32::try_from(item).ok(),
                attempt: row.get(4)?,
            };
            let command = CommandRow {
                status: word_column(row, 5)?,
                code: row.get(6)?,
                ended: optional_time_column(row, 7)?,
            };
            let place = CommandPlace {
                execution: id_column(row, 1)?,
                template: row.get(8)?,
                user: row.get(9)?,
                task: row.get(10)?,
                action: row.get(11)?,
            };
            Ok(command_view(key, command, place))
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn item_column(key: &CommandKey) -> i64 {
    key.item.map_or(-1, i64::from)
}
