//! Sweeping away the rows of what was let go of, a few at a time: nobody who writes beside it waits for
//! longer than that takes. A crash in between leaves rows that count as gone and are swept later.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _};

use crate::base::id::ExecutionId;
use crate::store::StoreError;
use crate::store::retention::TOMBSTONES;
use crate::store::sqlite::row::id_column;

/// Rows that are removed in one write, at most: they take some milliseconds.
const ROWS: usize = 128;

/// How many rows a chunk of output counts for: it lies on many pages.
const CHUNK: usize = 16;

const NEXT: &str = "\
    SELECT execution_id, history IS NOT NULL FROM removal WHERE under_way = 1 \
    ORDER BY execution_id LIMIT 1";
const UNDER_WAY: &str =
    "SELECT execution_id FROM removal WHERE under_way = 1 AND history IS NOT NULL";
/// Files of older formats know no removals; they are read as they are.
const IS_KNOWN: &str = "SELECT 1 FROM sqlite_schema WHERE name = 'removal'";
const DONE: &str = "UPDATE removal SET under_way = 0 WHERE execution_id = ?1";
const TRIM: &str = "\
    DELETE FROM removal WHERE execution_id IN (\
        SELECT execution_id FROM removal WHERE history IS NOT NULL \
        ORDER BY history DESC, execution_id DESC LIMIT ?2 OFFSET ?1)";

const CHUNKS: &str = "\
    DELETE FROM log_chunk WHERE id IN (\
        SELECT log_chunk.id FROM log JOIN log_chunk ON log_chunk.log = log.number \
        WHERE execution_id >= ?1 AND execution_id < ?2 LIMIT ?3)";
const LOGS: &str = "\
    DELETE FROM log WHERE number IN (\
        SELECT number FROM log WHERE execution_id >= ?1 AND execution_id < ?2 LIMIT ?3)";

/// What goes with the history, what is listed first. Each removes at most `?3` rows of the executions from
/// `?1` on and before `?2`.
const HISTORY: [&str; 11] = [
    "DELETE FROM execution WHERE id IN (\
        SELECT id FROM execution WHERE id >= ?1 AND id < ?2 LIMIT ?3)",
    "DELETE FROM execution_tag WHERE (key, value, id) IN (\
        SELECT tag.key, tag.value, detail.id FROM (\
            SELECT id, tags FROM execution_detail WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3\
        ) AS detail, json_each(detail.tags) AS tag)",
    // The same as those whose tags went.
    "DELETE FROM execution_detail WHERE id IN (\
        SELECT id FROM execution_detail WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3)",
    "DELETE FROM repeat WHERE id IN (\
        SELECT id FROM repeat WHERE id >= ?1 AND id < ?2 LIMIT ?3)",
    "DELETE FROM watch WHERE execution_id IN (\
        SELECT execution_id FROM watch WHERE execution_id >= ?1 AND execution_id < ?2 LIMIT ?3)",
    // What it has started tells of its firing in journals of its own.
    "DELETE FROM firing WHERE (trigger_id, at, source) IN (\
        SELECT trigger_id, at, source FROM firing \
        WHERE trigger_id >= ?1 AND trigger_id < ?2 AND execution_id IS NULL LIMIT ?3)",
    "DELETE FROM command WHERE (target, started, execution_id, task, item, attempt) IN (\
        SELECT target, started, execution_id, task, item, attempt FROM command \
        WHERE execution_id >= ?1 AND execution_id < ?2 LIMIT ?3)",
    "DELETE FROM signal WHERE number IN (\
        SELECT number FROM signal WHERE execution_id >= ?1 AND execution_id < ?2 LIMIT ?3)",
    "DELETE FROM task WHERE (execution_id, task, item) IN (\
        SELECT execution_id, task, item FROM task \
        WHERE execution_id >= ?1 AND execution_id < ?2 LIMIT ?3)",
    "DELETE FROM loop_block WHERE (execution_id, task, block) IN (\
        SELECT execution_id, task, block FROM loop_block \
        WHERE execution_id >= ?1 AND execution_id < ?2 LIMIT ?3)",
    "DELETE FROM journal WHERE (execution_id, seq) IN (\
        SELECT execution_id, seq FROM journal \
        WHERE execution_id >= ?1 AND execution_id < ?2 LIMIT ?3)",
];

/// The tags of executions stand before their details in [`HISTORY`], and must go with them.
const TAGS: usize = 1;

/// Sweeps away some rows; tells whether more may be left.
pub(super) fn sweep(connection: &Connection) -> Result<bool, StoreError> {
    let mut left = ROWS;
    while left > 0 {
        let next = connection
            .prepare_cached(NEXT)?
            .query_row([], |row| Ok((id_column(row, 0)?, row.get(1)?)))
            .optional()?;
        let Some((id, is_history)) = next else {
            return Ok(trim(connection)? > 0);
        };
        left = sweep_one(connection, &id, is_history, left)?;
        if left > 0 {
            connection.prepare_cached(DONE)?.execute([id.as_str()])?;
            // Also what has no rows took a moment.
            left -= 1;
        }
    }
    Ok(true)
}

/// Sweeps at most `left` rows of an execution away; returns how many more there might be. Nothing of it is
/// left if that is not zero.
fn sweep_one(
    connection: &Connection,
    id: &ExecutionId,
    is_history: bool,
    left: usize,
) -> Result<usize, StoreError> {
    let (from, to) = range(id);
    let delete = |sql: &str, most: usize| -> Result<usize, StoreError> {
        let mut statement = connection.prepare_cached(sql)?;
        Ok(statement.execute((&from, &to, most))?)
    };
    let most = left.div_ceil(CHUNK);
    let chunks = delete(CHUNKS, most)?;
    let mut left = if chunks == most {
        return Ok(0);
    } else {
        left.saturating_sub(chunks * CHUNK).max(1)
    };
    left -= delete(LOGS, left)?;
    let tables = if is_history { HISTORY.as_slice() } else { &[] };
    for (place, sql) in tables.iter().enumerate() {
        if left == 0 {
            break;
        }
        let gone = delete(sql, left)?;
        // An execution may have several tags; they go with the same executions.
        if place != TAGS {
            left -= gone;
        }
    }
    Ok(left)
}

/// Removes the oldest tombstones beyond those that are kept.
fn trim(connection: &Connection) -> Result<usize, StoreError> {
    let mut statement = connection.prepare_cached(TRIM)?;
    Ok(statement.execute((TOMBSTONES, ROWS))?)
}

/// Returns the ids between which an execution and its children are: those follow its id with a dot, and
/// a slash is the character behind the dot.
pub(super) fn range(id: &ExecutionId) -> (String, String) {
    (id.as_str().to_owned(), format!("{id}/"))
}

/// Returns the executions that were let go of and are not swept away yet.
pub(super) fn under_way(connection: &Connection) -> Result<BTreeSet<ExecutionId>, StoreError> {
    if !connection.prepare_cached(IS_KNOWN)?.exists([])? {
        return Ok(BTreeSet::new());
    }
    let mut statement = connection.prepare_cached(UNDER_WAY)?;
    let ids = statement.query_map([], |row| id_column(row, 0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}
