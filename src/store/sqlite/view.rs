//! The read models: listings, one execution, tasks, events.

use std::collections::BTreeMap;

use async_trait::async_trait;
use rusqlite::{Connection, ToSql};

use crate::base::id::ExecutionId;
use crate::engine::event::Event;
use crate::engine::status::{ExecutionStatus, TaskStatus};
use crate::store::StoreError;
use crate::store::projection::{ExecutionRow, Rows as _, execution_view, is_current};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::command;
use crate::store::sqlite::row::{self, StoredRows, id_column};
use crate::store::sqlite::task;
use crate::store::view::{
    CommandFilter, CommandView, ExecutionFilter, ExecutionView, TaskFilter, TaskView, Views,
};

/// The columns: the id, then those of [`row::execution_row`].
const LIST: &str = "\
    SELECT id, template_name, template_version, status, message, waiting, mode, safety_check, \
           role, user, started, updated, ended, plan, self_approval, fired_by \
    FROM execution WHERE TRUE";
const REPEATED_BY: &str = "SELECT id FROM repeat WHERE execution = ?1 ORDER BY id";
const ONLY_ROOTS: &str = " AND parent IS NULL";
const BY_PARENT: &str = " AND parent = :parent";
const BY_PREFIX: &str = " AND id >= :prefix AND id < :prefix_end";
const BY_TEMPLATE: &str = " AND template_key = :template";
const BY_STATUS: &str = " AND status = :status";
/// Among several statuses the list is walked by time: a union of ranges would have to be sorted.
const BY_STATUSES: &str = " AND +status IN (SELECT value FROM json_each(:statuses))";
const BY_USER: &str = " AND user = :user";
const BY_TAG: &str =
    " AND id IN (SELECT id FROM execution_tag WHERE key = :key AND value = :value)";
const BY_MORE_TAGS: &str = " \
    AND NOT EXISTS (SELECT 1 FROM json_each(:tags) AS wanted WHERE NOT EXISTS (\
        SELECT 1 FROM execution_tag WHERE key = wanted.value ->> 0 \
            AND value = wanted.value ->> 1 AND id = execution.id))";
const FROM_TIME: &str = " AND started >= :from";
const BEFORE_TIME: &str = " AND started < :before";
const AFTER: &str = " \
    AND (started, id) < (SELECT last.started, last.id FROM execution AS last WHERE last.id = :after)";
const NEWEST_FIRST: &str = " ORDER BY started DESC, id DESC LIMIT :limit";

const COUNT_TASKS: &str = "\
    SELECT name, status FROM task WHERE execution_id = ?1 AND item = -1 ORDER BY task";
const UNFINISHED: &str = "\
    SELECT id FROM execution \
    WHERE status IN ('Queued', 'Running', 'Waiting') AND parent IS NULL \
        AND NOT (status = 'Waiting' \
            AND EXISTS (SELECT 1 FROM watch WHERE watch.execution_id = id) \
            AND NOT EXISTS \
                (SELECT 1 FROM signal WHERE signal.execution_id = id AND settled = 0)) \
    ORDER BY started, id";

const PAGE: usize = 50;

#[async_trait]
impl Views for SqliteStore {
    async fn execution(&self, id: &ExecutionId) -> Result<Option<ExecutionView>, StoreError> {
        self.0.readers.read(|connection| {
            let rows = StoredRows { connection, id };
            rows.execution()?
                .map(|row| view(connection, id, row))
                .transpose()
        })
    }

    async fn executions(&self, filter: &ExecutionFilter) -> Result<Vec<ExecutionView>, StoreError> {
        self.0.readers.read(|connection| {
            list(connection, filter)?
                .into_iter()
                .map(|(id, row)| view(connection, &id, row))
                .collect()
        })
    }

    async fn tasks(
        &self,
        id: &ExecutionId,
        filter: &TaskFilter,
    ) -> Result<Vec<TaskView>, StoreError> {
        self.0
            .readers
            .read(|connection| task::list(connection, id, filter))
    }

    async fn items(
        &self,
        id: &ExecutionId,
        task_name: &str,
        from: u32,
        limit: u32,
    ) -> Result<Vec<TaskView>, StoreError> {
        self.0
            .readers
            .read(|connection| task::items(connection, id, task_name, (from, limit)))
    }

    async fn commands(&self, filter: &CommandFilter) -> Result<Vec<CommandView>, StoreError> {
        self.0
            .readers
            .read(|connection| command::list(connection, filter))
    }

    async fn repeated_by(&self, id: &ExecutionId) -> Result<Vec<ExecutionId>, StoreError> {
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(REPEATED_BY)?;
            let ids = statement.query_map([id.as_str()], |row| id_column(row, 0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    async fn events(
        &self,
        id: &ExecutionId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Event)>, StoreError> {
        let secrets = self.0.secrets(id)?;
        let mut events = self.stored_events(id, after, limit)?;
        if !secrets.is_empty() {
            for (_, event) in &mut events {
                *event = secrets.mask(event);
            }
        }
        Ok(events)
    }

    async fn changed(&self, seen: u64) -> Result<u64, StoreError> {
        self.0.watch.changed(seen).await
    }

    async fn unfinished(&self) -> Result<Vec<ExecutionId>, StoreError> {
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(UNFINISHED)?;
            let ids = statement.query_map([], |row| id_column(row, 0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }
}

fn view(
    connection: &Connection,
    id: &ExecutionId,
    row: ExecutionRow,
) -> Result<ExecutionView, StoreError> {
    let mut counters = BTreeMap::new();
    let mut current = Vec::new();
    let mut statement = connection.prepare_cached(COUNT_TASKS)?;
    let mut tasks = statement.query([id.as_str()])?;
    while let Some(task) = tasks.next()? {
        let status: TaskStatus = row::word_column(task, 1)?;
        *counters.entry(status.as_str().to_owned()).or_default() += 1;
        if is_current(status) {
            current.push(task.get(0)?);
        }
    }
    let detail = row::detail(connection, id)?;
    Ok(execution_view(id, row, detail, counters, current))
}

fn list(
    connection: &Connection,
    filter: &ExecutionFilter,
) -> Result<Vec<(ExecutionId, ExecutionRow)>, StoreError> {
    let query = Query::of(filter);
    let mut statement = connection.prepare_cached(&query.sql)?;
    let arguments: Vec<(&str, &dyn ToSql)> = query
        .arguments
        .iter()
        .map(|(name, value)| (*name, value.as_ref()))
        .collect();
    let rows = statement.query_map(arguments.as_slice(), |row| {
        Ok((id_column(row, 0)?, row::execution_row(row, 1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A listing put together from the constants above: only conditions that are asked for, so that
/// the planner finds the index made for them.
struct Query {
    sql: String,
    arguments: Vec<(&'static str, Box<dyn ToSql>)>,
}

impl Query {
    fn of(filter: &ExecutionFilter) -> Self {
        let mut query = Self {
            sql: LIST.to_owned(),
            arguments: Vec::new(),
        };
        match &filter.parent {
            Some(parent) => query.add(BY_PARENT, ":parent", parent.as_str().to_owned()),
            None if filter.include_children => {}
            None => query.sql.push_str(ONLY_ROOTS),
        }
        if let Some(prefix) = &filter.id_prefix {
            query.add(BY_PREFIX, ":prefix", prefix.clone());
            // The largest character comes after everything that an id may hold.
            let mut end = prefix.clone();
            end.push(char::MAX);
            query.bind(":prefix_end", end);
        }
        if let Some(template) = &filter.template_name {
            query.add(BY_TEMPLATE, ":template", template.to_lowercase());
        }
        query.add_statuses(&filter.statuses);
        if let Some(user) = &filter.executed_by {
            query.add(BY_USER, ":user", user.clone());
        }
        if let Some(((key, value), more)) = filter.tags.split_first() {
            query.add(BY_TAG, ":key", key.clone());
            query.bind(":value", value.clone());
            if !more.is_empty() {
                query.add(BY_MORE_TAGS, ":tags", serde_json::json!(more).to_string());
            }
        }
        if let Some(at) = filter.started_after {
            query.add(FROM_TIME, ":from", at.as_microsecond());
        }
        if let Some(at) = filter.started_before {
            query.add(BEFORE_TIME, ":before", at.as_microsecond());
        }
        if let Some(after) = &filter.after {
            query.add(AFTER, ":after", after.as_str().to_owned());
        }
        let limit = if filter.limit == 0 {
            PAGE
        } else {
            filter.limit
        };
        query.add(
            NEWEST_FIRST,
            ":limit",
            i64::try_from(limit).unwrap_or(i64::MAX),
        );
        query
    }

    fn add_statuses(&mut self, statuses: &[ExecutionStatus]) {
        match statuses {
            [] => {}
            [status] => self.add(BY_STATUS, ":status", status.as_str()),
            several => {
                let words: Vec<_> = several.iter().map(|status| status.as_str()).collect();
                self.add(
                    BY_STATUSES,
                    ":statuses",
                    serde_json::json!(words).to_string(),
                );
            }
        }
    }

    fn add(&mut self, condition: &str, name: &'static str, value: impl ToSql + 'static) {
        self.sql.push_str(condition);
        self.bind(name, value);
    }

    fn bind(&mut self, name: &'static str, value: impl ToSql + 'static) {
        self.arguments.push((name, Box::new(value)));
    }
}
