//! Locks, over the queue in its tables.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;

use crate::base::id::ExecutionId;
use crate::engine::event::{Event, Lock};
use crate::store::StoreError;
use crate::store::lock::{
    Entry, LockView, LockWish, Locks, Meaning, Queue as _, Stage, Standing, Turn, give_back,
    meaning, stand, sweep,
};
use crate::store::projection::Place;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::lock_queue::{Tables, entry, lock_of};
use crate::store::sqlite::owner::Owners;
use crate::store::sqlite::row::{id_column, item_column};

const IS_EMPTY: &str = "SELECT NOT EXISTS (SELECT 1 FROM lock_wish)";
const TURNS: &str = "SELECT execution_id, task, item FROM lock_wish WHERE stage = 2";
const BEGIN: &str = "\
    UPDATE lock_wish SET stage = 3 WHERE execution_id = ?1 AND task = ?2 AND item = ?3";
const OF_UNIT: &str =
    "SELECT number FROM lock_wish WHERE execution_id = ?1 AND task = ?2 AND item = ?3";
const OF_TASK: &str = "SELECT number FROM lock_wish WHERE execution_id = ?1 AND task = ?2";
const OF_ALL: &str = "SELECT number FROM lock_wish WHERE execution_id = ?1";
/// Units for which a new attempt stands in: that of a task without items, and lost ones.
const GIVEN_UP: &str = "\
    SELECT number FROM lock_wish JOIN task USING (execution_id, task, item) \
    WHERE execution_id = ?1 AND task = ?2 AND (item = -1 OR task.status = 'Unknown')";
const IDLE_ROOTS: &str = "SELECT DISTINCT root_id FROM lock_wish WHERE stage < 3";
const BELOW: &str = "\
    SELECT number, execution_id, stage, task, item, wish FROM lock_wish WHERE root_id = ?1 \
    ORDER BY number";
const IN_CHANGE: &str = "\
    SELECT number, execution_id, stage FROM lock_wish WHERE in_group = ?1 AND stage > 1 \
    ORDER BY number LIMIT ?2";

/// How many of those in change in a group are named to who waits for a place.
const NAMED: u32 = 8;

#[async_trait]
impl Locks for SqliteStore {
    async fn lock(&self, wish: &LockWish) -> Result<Standing, StoreError> {
        let secrets = self.0.secrets(&wish.execution)?;
        let wish = LockWish {
            lock: secrets.lock(&wish.lock),
            ..wish.clone()
        };
        // A place in the queue that is lost with this process is nobody's loss: no unit begins before
        // it is on record that it may, which takes the place along. Until then nobody else writes.
        self.0.writer.write_ahead(|connection| {
            let mut queue = Tables {
                connection,
                owners: &self.0.owners,
            };
            stand(&mut queue, &wish)
        })
    }

    async fn turns(&self) -> Result<Vec<Turn>, StoreError> {
        self.look(|connection| {
            let mut statement = connection.prepare_cached(TURNS)?;
            let rows = statement.query_map([], |row| {
                Ok(Turn {
                    execution: id_column(row, 0)?,
                    task: row.get(1)?,
                    item: u32::try_from(row.get::<_, i64>(2)?).ok(),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    async fn sweep(&self) -> Result<(), StoreError> {
        let mut gone: Vec<ExecutionId> = Vec::new();
        for root in self.look(idle_roots)? {
            if !self.0.owners.is_owned(&root)? {
                gone.push(root);
            }
        }
        if gone.is_empty() {
            return Ok(());
        }
        let owners = Arc::clone(&self.0.owners);
        self.0
            .writer
            .write_soon(move |connection| {
                let mut queue = Tables {
                    connection,
                    owners: &owners,
                };
                gone.iter().try_for_each(|root| sweep(&mut queue, root))
            })
            .await
    }

    async fn locks(&self, id: &ExecutionId) -> Result<Vec<LockView>, StoreError> {
        self.look(|connection| {
            let queue = Tables {
                connection,
                owners: &self.0.owners,
            };
            below(&queue, id)
        })
    }
}

impl SqliteStore {
    /// Reads the queue, with the places in it that are not durable yet.
    fn look<T>(
        &self,
        read: impl Fn(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.0.writer.read_ahead(&read) {
            Some(found) => found,
            None => self.0.readers.read(read),
        }
    }
}

/// Brings the queue to what the journal says from now on.
pub(super) fn follow(
    connection: &Connection,
    owners: &Owners,
    id: &ExecutionId,
    events: &[Event],
) -> Result<(), StoreError> {
    let mut is_empty = connection.prepare_cached(IS_EMPTY)?;
    if is_empty.query_row([], |row| row.get(0))? {
        return Ok(());
    }
    let mut ended = BTreeSet::new();
    let mut end = |sql: &str, key: &[&dyn rusqlite::ToSql]| -> Result<(), StoreError> {
        let mut statement = connection.prepare_cached(sql)?;
        for number in statement.query_map(key, |row| row.get::<_, u64>(0))? {
            ended.insert(number?);
        }
        Ok(())
    };
    let id_text = id.as_str();
    for meaning in events.iter().filter_map(meaning) {
        match meaning {
            Meaning::Begins(task, item) => {
                let mut begin = connection.prepare_cached(BEGIN)?;
                begin.execute((id_text, task, item_column(Place { task, item })))?;
            }
            Meaning::UnitEnds(task, item) => {
                let item = item_column(Place { task, item });
                end(OF_UNIT, &[&id_text, &task, &item])?;
            }
            Meaning::TaskEnds(task) => end(OF_TASK, &[&id_text, &task])?,
            Meaning::TaskBegins(task) => end(GIVEN_UP, &[&id_text, &task])?,
            Meaning::AllEnd => end(OF_ALL, &[&id_text])?,
        }
    }
    let mut queue = Tables { connection, owners };
    give_back(&mut queue, &ended, &id.root())
}

/// Returns the root executions that want something or have it without being at work.
fn idle_roots(connection: &Connection) -> Result<Vec<ExecutionId>, StoreError> {
    let mut statement = connection.prepare_cached(IDLE_ROOTS)?;
    let rows = statement.query_map([], |row| id_column(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns the locks of `id` and of what runs in it.
fn below(queue: &Tables<'_>, id: &ExecutionId) -> Result<Vec<LockView>, StoreError> {
    let mut statement = queue.connection.prepare_cached(BELOW)?;
    let rows = statement.query_map([id.root().as_str()], |row| {
        let item: i64 = row.get(4)?;
        let wish: String = row.get(5)?;
        Ok((entry(row)?, row.get(3)?, u32::try_from(item).ok(), wish))
    })?;
    let mut views = Vec::new();
    for row in rows {
        let (found, task, item, wish) = row?;
        if !found.execution.is_within(id) {
            continue;
        }
        let lock = lock_of(&wish)?;
        views.push(LockView {
            waits_for: holders(queue, &found, &lock)?,
            execution_id: found.execution,
            task,
            item,
            names: lock.names,
            group: lock.cap.map(|cap| cap.group),
            granted: found.stage >= Stage::Granted,
        });
    }
    Ok(views)
}

/// Returns who has, or will have before, what a wish waits for.
fn holders(
    queue: &Tables<'_>,
    waiting: &Entry,
    lock: &Lock,
) -> Result<Vec<ExecutionId>, StoreError> {
    let mut found = Vec::new();
    match (waiting.stage, &lock.cap) {
        (Stage::Names, _) => {
            for name in &lock.names {
                found.extend(queue.first(name)?);
            }
        }
        (Stage::Place, Some(cap)) => {
            let mut statement = queue.connection.prepare_cached(IN_CHANGE)?;
            for row in statement.query_map((&cap.group, NAMED), entry)? {
                found.push(row?);
            }
        }
        _ => {}
    }
    found.retain(|other| other.number != waiting.number);
    found.sort_by_key(|other| other.number);
    let mut holders: Vec<ExecutionId> = found.into_iter().map(|other| other.execution).collect();
    holders.dedup();
    Ok(holders)
}
