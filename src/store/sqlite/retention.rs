//! Removing what has ended: what may go, what still keeps it, and letting go of it.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::store::audit;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::kept::{keeps, keeps_already, keeps_now};
use crate::store::sqlite::row::{
    id_column, optional_time_column, optional_word_column, time_column, word,
};
use crate::store::sqlite::sweep::{range, sweep};
use crate::store::sqlite::{audit as records, room};
use crate::store::{
    EndPlace, EndedView, Part, Removal, RemovedView, Retention, Room, StoreError, Usage,
};

const ENDED: &str = "\
    SELECT id, template_name, ended FROM execution \
    WHERE parent IS NULL AND ended IS NOT NULL AND (ended, id) > (?1, ?2) \
    ORDER BY ended, id LIMIT ?3";
const ENDED_WITH_LOGS: &str = "\
    SELECT id, template_name, ended FROM execution \
    WHERE parent IS NULL AND ended IS NOT NULL AND (ended, id) > (?1, ?2) AND EXISTS (\
        SELECT 1 FROM log WHERE log.execution_id >= id AND log.execution_id < id || '/') \
    ORDER BY ended, id LIMIT ?3";
const BEFORE_NEWEST: &str = "\
    SELECT ended, id FROM execution WHERE parent IS NULL AND ended IS NOT NULL \
    ORDER BY ended DESC, id DESC LIMIT 1 OFFSET ?1";
const HEAD: &str = "SELECT template_name FROM execution WHERE id = ?1 AND ended IS NOT NULL";

/// What rows take beside their texts, more or less: keys, indexes, the room that pages leave.
const SIZE: &str = "\
    SELECT (SELECT coalesce(sum(length(event) + 48), 0) FROM journal \
            WHERE execution_id >= ?1 AND execution_id < ?2) \
         + (SELECT coalesce(sum(length(properties) + length(outputs) + 200), 0) FROM task \
            WHERE execution_id >= ?1 AND execution_id < ?2) \
         + (SELECT coalesce(sum(length(parameters) + length(outputs) + 600), 0) \
            FROM execution_detail WHERE id >= ?1 AND id < ?2)";
const SIZE_OF_LOGS: &str = "\
    SELECT coalesce(sum(length(data)), 0) FROM log JOIN log_chunk ON log_chunk.log = log.number \
    WHERE execution_id >= ?1 AND execution_id < ?2";
const BLOBS: &str = "\
    SELECT execution_id, seq, event FROM journal \
    WHERE (execution_id, seq) > (?1, ?2) AND execution_id < ?3 \
    ORDER BY execution_id, seq LIMIT ?4";

const FIRED: &str = "\
    DELETE FROM firing WHERE (trigger_id, at, source) IN (\
        SELECT fired_by, started, id FROM execution WHERE id = ?1 AND fired_by IS NOT NULL)";
const EXECUTION: &str = "DELETE FROM execution WHERE id = ?1";
const WATCH: &str = "DELETE FROM watch WHERE execution_id = ?1";
const HISTORY: &str = "\
    INSERT INTO removal (execution_id, template_name, history, cause, user, digest, under_way) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1) \
    ON CONFLICT DO UPDATE SET history = ?3, cause = ?4, user = ?5, digest = ?6, under_way = 1";
/// Whose logs go has its history: one of the same id had gone before if that is said to be removed.
const LOGS: &str = "\
    INSERT INTO removal (execution_id, template_name, logs, cause, user, digest, under_way) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1) \
    ON CONFLICT DO UPDATE SET history = NULL, logs = ?3, cause = ?4, user = ?5, digest = ?6, under_way = 1";

/// The columns that [`removed_row`] reads.
const BY_PREFIX: &str = "\
    SELECT execution_id, template_name, history, logs, cause, user, digest FROM removal \
    WHERE execution_id >= ?1 AND execution_id < ?2 ORDER BY execution_id LIMIT ?3";
const LAST_OF: &str = "\
    SELECT execution_id, template_name, history, logs, cause, user, digest FROM removal \
    WHERE history IS NOT NULL AND template_name = ?1 COLLATE NOCASE \
    ORDER BY history DESC, execution_id DESC LIMIT 1";

/// Events whose digest is made at once; others get a turn in between.
const PAGE: usize = 1000;

#[async_trait]
impl Retention for SqliteStore {
    async fn usage(&self) -> Result<Usage, StoreError> {
        self.0.readers.read(room::usage)
    }

    fn room(&self) -> Result<Option<Room>, StoreError> {
        room::room(&self.0.directory).map(Some)
    }

    async fn ended(
        &self,
        part: Part,
        after: Option<&EndPlace>,
        limit: usize,
    ) -> Result<Vec<EndedView>, StoreError> {
        let sql = match part {
            Part::History => ENDED,
            Part::Logs => ENDED_WITH_LOGS,
        };
        let (at, id) = match after {
            Some((at, id)) => (at.as_microsecond(), id.as_str()),
            None => (i64::MIN, ""),
        };
        // What a command printed last may wait for its commit.
        self.0.read_latest(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map((at, id, limit), |row| {
                Ok(EndedView {
                    execution_id: id_column(row, 0)?,
                    template_name: row.get(1)?,
                    end_date: time_column(row, 2)?,
                    kept: None,
                })
            })?;
            let mut ended = rows.collect::<Result<Vec<_>, _>>()?;
            for view in &mut ended {
                view.kept = keeps(connection, &view.execution_id, part)?;
            }
            Ok(ended)
        })
    }

    async fn end_before_newest(&self, number: usize) -> Result<Option<EndPlace>, StoreError> {
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(BEFORE_NEWEST)?;
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            let row = |row: &Row<'_>| Ok((time_column(row, 0)?, id_column(row, 1)?));
            Ok(statement.query_row([number], row).optional()?)
        })
    }

    async fn size(&self, id: &ExecutionId, part: Part) -> Result<u64, StoreError> {
        let sql = match part {
            Part::History => SIZE,
            Part::Logs => SIZE_OF_LOGS,
        };
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row(range(id), |row| row.get(0))?)
        })
    }

    async fn remove(
        &self,
        ids: &[ExecutionId],
        removal: &Removal,
    ) -> Result<Vec<ExecutionId>, StoreError> {
        let mut wanted = Vec::new();
        for id in ids {
            if self
                .0
                .readers
                .read(|connection| keeps_already(connection, id, removal.part))?
                .is_none()
            {
                let digest = match removal.part {
                    Part::History => Some(self.digest(id).await?),
                    Part::Logs => None,
                };
                wanted.push((id.clone(), digest));
            }
        }
        let (now, origin, removal) = (self.0.now(), self.0.origin.clone(), removal.clone());
        self.0
            .writer
            .write_soon(move |connection| {
                let mut gone = Vec::new();
                for (id, digest) in wanted {
                    if let_go(
                        connection,
                        &id,
                        digest.as_ref(),
                        &removal,
                        now.as_microsecond(),
                    )? {
                        gone.push((id, digest));
                    }
                }
                if !gone.is_empty() {
                    records::insert(connection, now, &origin, &audit::removed(&removal, &gone))?;
                }
                Ok(gone.into_iter().map(|(id, _)| id).collect())
            })
            .await
    }

    async fn sweep_removed(&self) -> Result<bool, StoreError> {
        self.0
            .writer
            .write_soon(|connection| Ok(sweep(connection)? || room::give_back(connection)?))
            .await
    }

    async fn removed(&self, prefix: &str, limit: usize) -> Result<Vec<RemovedView>, StoreError> {
        let end = format!("{prefix}{}", char::MAX);
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(BY_PREFIX)?;
            let rows = statement.query_map((prefix, end, limit), removed_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    async fn last_removed(&self, template_name: &str) -> Result<Option<RemovedView>, StoreError> {
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(LAST_OF)?;
            Ok(statement
                .query_row([template_name], removed_row)
                .optional()?)
        })
    }
}

impl SqliteStore {
    /// Returns the digest of the journals of an execution and its children, as they are stored. They have
    /// ended, so nothing is added any more.
    async fn digest(&self, id: &ExecutionId) -> Result<Digest, StoreError> {
        let (mut place, end) = ((id.as_str().to_owned(), 0_u64), range(id).1);
        let mut digest = Digest::of(b"");
        loop {
            let mut number = 0;
            self.0.readers.read(|connection| {
                let mut statement = connection.prepare_cached(BLOBS)?;
                let mut rows = statement.query((&place.0, place.1, &end, PAGE))?;
                let mut last = None;
                while let Some(row) = rows.next()? {
                    let blob = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
                    digest = Digest::of(&[digest.hex().as_bytes(), blob].concat());
                    last = Some((row.get(0)?, row.get(1)?));
                    number += 1;
                }
                place = last.unwrap_or_else(|| std::mem::take(&mut place));
                Ok(())
            })?;
            if number < PAGE {
                return Ok(digest);
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Lets go of an execution, if nothing has come up that keeps it; tells whether it is gone now.
fn let_go(
    connection: &Connection,
    id: &ExecutionId,
    digest: Option<&Digest>,
    removal: &Removal,
    now: i64,
) -> Result<bool, StoreError> {
    let name: Option<String> = connection
        .prepare_cached(HEAD)?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?;
    let Some(name) = name else {
        return Ok(false);
    };
    if removal.part == Part::History && keeps_now(connection, id)?.is_some() {
        return Ok(false);
    }
    let sql = match removal.part {
        Part::History => HISTORY,
        Part::Logs => LOGS,
    };
    connection.prepare_cached(sql)?.execute((
        id.as_str(),
        name,
        now,
        removal.cause.map(word).transpose()?,
        &removal.by,
        digest.map(Digest::to_string),
    ))?;
    if removal.part == Part::History {
        for sql in [FIRED, EXECUTION, WATCH] {
            connection.prepare_cached(sql)?.execute([id.as_str()])?;
        }
    }
    Ok(true)
}

fn removed_row(row: &Row<'_>) -> rusqlite::Result<RemovedView> {
    let digest: Option<String> = row.get(6)?;
    Ok(RemovedView {
        execution_id: id_column(row, 0)?,
        template_name: row.get(1)?,
        history_removed: optional_time_column(row, 2)?,
        logs_removed: optional_time_column(row, 3)?,
        cause: optional_word_column(row, 4)?,
        removed_by: row.get(5)?,
        digest: digest.and_then(|digest| digest.parse().ok()),
    })
}
