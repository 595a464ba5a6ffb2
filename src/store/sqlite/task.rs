//! Tasks and loop items of an execution, as listings show them.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use crate::base::id::ExecutionId;
use crate::base::value::Value;
use crate::store::StoreError;
use crate::store::projection::{Place, TaskRow};
use crate::store::sqlite::row::{self, BLOCK};
use crate::store::view::{TaskFilter, TaskView};

/// Every condition takes `NULL` as "any". Items follow their task: both have the task's position.
const LIST: &str = "\
    SELECT t.task, t.item, t.name, t.action, t.status, t.message, t.waiting, t.properties, \
           t.outputs, t.total, t.success, t.failed, t.running, t.skipped, t.waiting_items, \
           t.attempt, t.child, t.begun, t.started, t.ended \
    FROM task AS top JOIN task AS t ON t.execution_id = top.execution_id AND t.task = top.task \
        AND (t.item = -1 OR :items) \
    WHERE top.execution_id = :id AND top.item = -1 \
        AND (:name IS NULL OR lower(top.name) = :name) \
        AND (:statuses IS NULL OR t.status IN (SELECT value FROM json_each(:statuses))) \
    ORDER BY top.begun IS NULL, top.begun, top.task, t.item LIMIT :limit OFFSET :offset";
const HEAD: &str = "\
    SELECT task, name, action, total FROM task \
    WHERE execution_id = ?1 AND item = -1 AND lower(name) = ?2";
/// The columns of [`row::task_row`].
const ITEMS: &str = "\
    SELECT task, item, name, action, status, message, waiting, properties, outputs, total, \
           success, failed, running, skipped, waiting_items, attempt, child, begun, started, ended \
    FROM task WHERE execution_id = ?1 AND task = ?2 AND item >= ?3 AND item < ?4";
const SELECT_BLOCK: &str =
    "SELECT items FROM loop_block WHERE execution_id = ?1 AND task = ?2 AND block = ?3";

/// Returns the tasks that `filter` selects.
pub(super) fn list(
    connection: &Connection,
    id: &ExecutionId,
    filter: &TaskFilter,
) -> Result<Vec<TaskView>, StoreError> {
    let words: Vec<_> = filter.statuses.iter().map(|s| s.as_str()).collect();
    let statuses = (!words.is_empty()).then(|| serde_json::json!(words).to_string());
    let limit = match filter.limit {
        0 => -1,
        limit => i64::try_from(limit).unwrap_or(i64::MAX),
    };
    let mut statement = connection.prepare_cached(LIST)?;
    let rows = statement.query_map(
        rusqlite::named_params! {
            ":id": id.as_str(),
            ":items": filter.include_items,
            ":name": filter.task_name.as_ref().map(|name| name.to_ascii_lowercase()),
            ":statuses": statuses,
            ":limit": limit,
            ":offset": i64::try_from(filter.offset).unwrap_or(i64::MAX),
        },
        row::task_row,
    )?;
    let rows: Vec<(Place, TaskRow)> = rows.collect::<Result<_, _>>()?;
    let mut plans = Plans {
        connection,
        id,
        blocks: HashMap::new(),
    };
    rows.into_iter()
        .map(|(place, row)| {
            let item = plans.item(place)?;
            Ok(row.view(id, place, item))
        })
        .collect()
}

/// Returns items of a loop, also those that have no row yet.
pub(super) fn items(
    connection: &Connection,
    id: &ExecutionId,
    task_name: &str,
    (from, limit): (u32, u32),
) -> Result<Vec<TaskView>, StoreError> {
    let mut statement = connection.prepare_cached(HEAD)?;
    let head = statement
        .query_row((id.as_str(), task_name.to_ascii_lowercase()), |row| {
            let pending = TaskRow::pending(&row.get::<_, String>(1)?, &row.get::<_, String>(2)?);
            Ok((row.get(0)?, pending, row.get::<_, Option<u32>>(3)?))
        })
        .optional()?;
    let Some((task, pending, Some(total))) = head else {
        return Ok(Vec::new());
    };
    let until = total.min(from.saturating_add(limit));
    let mut statement = connection.prepare_cached(ITEMS)?;
    let rows = statement.query_map((id.as_str(), task, from, until), row::task_row)?;
    let mut rows: HashMap<Place, TaskRow> = rows.collect::<Result<_, _>>()?;
    let mut plans = Plans {
        connection,
        id,
        blocks: HashMap::new(),
    };
    (from..until)
        .map(|item| {
            let place = Place {
                task,
                item: Some(item),
            };
            let row = rows.remove(&place).unwrap_or_else(|| pending.clone());
            Ok(row.view(id, place, plans.item(place)?))
        })
        .collect()
}

/// Loop items, read block by block.
struct Plans<'a> {
    connection: &'a Connection,
    id: &'a ExecutionId,
    blocks: HashMap<(u32, usize), Vec<Value>>,
}

impl Plans<'_> {
    fn item(&mut self, place: Place) -> Result<Option<Value>, StoreError> {
        let Some(item) = place.item else {
            return Ok(None);
        };
        let item = item as usize;
        let key = (place.task, item / BLOCK);
        if !self.blocks.contains_key(&key) {
            let mut statement = self.connection.prepare_cached(SELECT_BLOCK)?;
            let found = statement
                .query_row((self.id.as_str(), key.0, key.1), |row| {
                    row::json_column(row, 0)
                })
                .optional()?;
            self.blocks.insert(key, found.unwrap_or_default());
        }
        Ok(self.blocks[&key].get(item % BLOCK).cloned())
    }
}
