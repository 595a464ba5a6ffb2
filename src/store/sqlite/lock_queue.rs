//! The queue of locks in its tables.

use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::base::id::ExecutionId;
use crate::engine::event::Lock;
use crate::store::StoreError;
use crate::store::lock::{Entry, LockWish, Number, Queue, Stage};
use crate::store::projection::Place;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::owner::Owners;
use crate::store::sqlite::row::{id_column, item_column};

const FIND: &str = "\
    SELECT number, execution_id, stage FROM lock_wish \
    WHERE execution_id = ?1 AND task = ?2 AND item = ?3";
const ENDED: &str = "\
    SELECT ended IS NOT NULL FROM task WHERE execution_id = ?1 AND task = ?2 AND item = ?3";
const AROUND: &str = "SELECT wish FROM lock_wish WHERE inside = ?1 AND stage > 1";
/// Below and above: `<>` would look at all rows.
const HAS_OTHERS: &str = "\
    SELECT EXISTS (SELECT 1 FROM lock_wish WHERE root_id < ?1) \
        OR EXISTS (SELECT 1 FROM lock_wish WHERE root_id > ?1)";
const PUSH: &str = "\
    INSERT INTO lock_wish \
        (execution_id, root_id, task, item, inside, wish, in_group, most, stage) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const PUSH_NAME: &str = "INSERT INTO lock_name (name, number) VALUES (?1, ?2)";
const FIRST: &str = "\
    SELECT number, execution_id, stage FROM lock_name JOIN lock_wish USING (number) \
    WHERE name = ?1 ORDER BY number LIMIT 1";
const IS_FIRST: &str = "\
    SELECT NOT EXISTS (SELECT 1 FROM lock_name mine WHERE mine.number = ?1 AND EXISTS \
        (SELECT 1 FROM lock_name other WHERE other.name = mine.name AND other.number < ?1))";
const GROUP: &str = "SELECT in_group FROM lock_wish WHERE number = ?1";
const FIRST_FOR_PLACE: &str = "\
    SELECT number, execution_id, stage, most FROM lock_wish \
    WHERE in_group = ?1 AND stage = 1 ORDER BY number LIMIT 1";
const IN_CHANGE: &str = "\
    SELECT count(*) FROM \
        (SELECT 1 FROM lock_wish WHERE in_group = ?1 AND stage > 1 LIMIT ?2)";
const ENTER: &str = "UPDATE lock_wish SET stage = ?2 WHERE number = ?1";
const WISH: &str = "SELECT wish FROM lock_wish WHERE number = ?1";
const REMOVE_NAMES: &str = "DELETE FROM lock_name WHERE number = ?1";
const REMOVE: &str = "DELETE FROM lock_wish WHERE number = ?1";
const IDLE: &str = "SELECT number FROM lock_wish WHERE root_id = ?1 AND stage < 3";

/// The tables, within a transaction.
pub(super) struct Tables<'a> {
    pub(super) connection: &'a Connection,
    /// Where it can be seen who works on what.
    pub(super) owners: &'a Owners,
}

impl Tables<'_> {
    fn one(&self, sql: &str, key: impl rusqlite::Params) -> Result<Option<Entry>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(key, entry).optional()?)
    }

    /// Asks a question that is answered with one value.
    fn ask<T: rusqlite::types::FromSql>(
        &self,
        sql: &str,
        key: impl rusqlite::Params,
    ) -> Result<T, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(key, |row| row.get(0))?)
    }
}

/// Reads number, execution and stage.
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        number: row.get(0)?,
        execution: id_column(row, 1)?,
        stage: match row.get::<_, u8>(2)? {
            0 => Stage::Names,
            1 => Stage::Place,
            2 => Stage::Granted,
            _ => Stage::AtWork,
        },
    })
}

/// Reads a wish as it is kept.
pub(super) fn lock_of(text: &str) -> Result<Lock, StoreError> {
    serde_json::from_str(text).map_err(|error| damaged("lock_wish", error))
}

/// The column of a stage; the table says what its values mean.
fn stage_column(stage: Stage) -> u8 {
    match stage {
        Stage::Names => 0,
        Stage::Place => 1,
        Stage::Granted => 2,
        Stage::AtWork => 3,
    }
}

fn key(wish: &LockWish) -> (&str, u32, i64) {
    let place = Place {
        task: wish.unit.task,
        item: wish.unit.item,
    };
    (wish.execution.as_str(), place.task, item_column(place))
}

impl Queue for Tables<'_> {
    fn find(&self, wish: &LockWish) -> Result<Option<Entry>, StoreError> {
        self.one(FIND, key(wish))
    }

    fn has_ended(&self, wish: &LockWish) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached(ENDED)?;
        let found = statement
            .query_row(key(wish), |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or(false))
    }

    fn around(&self, execution: &ExecutionId) -> Result<Vec<Lock>, StoreError> {
        let mut statement = self.connection.prepare_cached(AROUND)?;
        let mut locks = Vec::new();
        let mut inside = Some(execution.clone());
        while let Some(id) = inside {
            let rows = statement.query_map([id.as_str()], |row| row.get::<_, String>(0))?;
            for row in rows {
                locks.push(lock_of(&row?)?);
            }
            inside = id.parent();
        }
        Ok(locks)
    }

    fn has_others(&self, root: &ExecutionId) -> Result<bool, StoreError> {
        self.ask(HAS_OTHERS, [root.as_str()])
    }

    fn push(&mut self, wish: &LockWish, stage: Stage) -> Result<Number, StoreError> {
        let (execution, task, item) = key(wish);
        let root = wish.execution.root();
        let text = serde_json::to_string(&wish.lock).map_err(|error| damaged("lock", error))?;
        let inside = wish.inside.as_ref().map(ExecutionId::as_str);
        let cap = wish.lock.cap.as_ref();
        let (group, most) = (cap.map(|cap| cap.group.as_str()), cap.map(|cap| cap.limit));
        self.connection.prepare_cached(PUSH)?.execute((
            execution,
            root.as_str(),
            task,
            item,
            inside,
            text,
            group,
            most,
            stage_column(stage),
        ))?;
        let number = self.connection.last_insert_rowid().unsigned_abs();
        let mut statement = self.connection.prepare_cached(PUSH_NAME)?;
        for name in &wish.lock.names {
            statement.execute((name, number))?;
        }
        Ok(number)
    }

    fn first(&self, name: &str) -> Result<Option<Entry>, StoreError> {
        self.one(FIRST, [name])
    }

    fn is_first(&self, number: Number) -> Result<bool, StoreError> {
        self.ask(IS_FIRST, [number])
    }

    fn group_of(&self, number: Number) -> Result<Option<String>, StoreError> {
        self.ask(GROUP, [number])
    }

    fn first_for_place(&self, group: &str) -> Result<Option<(Entry, u32)>, StoreError> {
        let mut statement = self.connection.prepare_cached(FIRST_FOR_PLACE)?;
        let found = statement.query_row([group], |row| Ok((entry(row)?, row.get(3)?)));
        Ok(found.optional()?)
    }

    fn in_change(&self, group: &str, limit: u32) -> Result<u32, StoreError> {
        self.ask(IN_CHANGE, (group, limit))
    }

    fn enter(&mut self, number: Number, stage: Stage) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(ENTER)?;
        statement.execute((number, stage_column(stage)))?;
        Ok(())
    }

    fn remove(&mut self, number: Number) -> Result<Lock, StoreError> {
        let wish: String = self.ask(WISH, [number])?;
        for statement in [REMOVE_NAMES, REMOVE] {
            self.connection
                .prepare_cached(statement)?
                .execute([number])?;
        }
        lock_of(&wish)
    }

    fn idle(&self, root: &ExecutionId) -> Result<Vec<Number>, StoreError> {
        let mut statement = self.connection.prepare_cached(IDLE)?;
        let rows = statement.query_map([root.as_str()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn is_owned(&self, root: &ExecutionId) -> Result<bool, StoreError> {
        self.owners.is_owned(root)
    }
}
