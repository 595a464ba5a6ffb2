//! The read models, in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::base::id::ExecutionId;
use crate::engine::event::Event;
use crate::engine::status::ExecutionStatus;
use crate::store::StoreError;
use crate::store::memory::MemoryStore;
use crate::store::memory::state::State;
use crate::store::projection::{
    CommandPlace, DetailRow, ExecutionRow, Place, TaskRow, command_view, execution_view, is_current,
};
use crate::store::view::{
    CommandFilter, CommandView, ExecutionFilter, ExecutionView, TaskFilter, TaskView, Views,
};

const PAGE: usize = 50;

#[async_trait]
impl Views for MemoryStore {
    async fn execution(&self, id: &ExecutionId) -> Result<Option<ExecutionView>, StoreError> {
        let state = self.state();
        Ok(state.executions.get(id).map(|row| view(&state, id, row)))
    }

    async fn executions(&self, filter: &ExecutionFilter) -> Result<Vec<ExecutionView>, StoreError> {
        let state = self.state();
        let mut rows: Vec<_> = state.executions.iter().collect();
        rows.sort_by_key(|(id, (row, _))| Reverse((row.started, *id)));
        if let Some(after) = &filter.after {
            let place = rows.iter().position(|(id, _)| *id == after);
            // Behind an execution that does not exist comes nothing.
            rows.drain(..place.map_or(rows.len(), |place| place + 1));
        }
        let limit = if filter.limit == 0 {
            PAGE
        } else {
            filter.limit
        };
        Ok(rows
            .into_iter()
            .filter(|(id, (row, detail))| selects(filter, id, row, detail))
            .take(limit)
            .map(|(id, row)| view(&state, id, row))
            .collect())
    }

    async fn tasks(
        &self,
        id: &ExecutionId,
        filter: &TaskFilter,
    ) -> Result<Vec<TaskView>, StoreError> {
        let state = self.state();
        let mut rows: Vec<(Place, &TaskRow)> = tasks_of(&state, id)
            .filter(|(place, _)| place.item.is_none() || filter.include_items)
            .filter(|(_, row)| filter.statuses.is_empty() || filter.statuses.contains(&row.status))
            .filter(|(_, row)| {
                let name = filter.task_name.as_ref();
                name.is_none_or(|name| row.name.eq_ignore_ascii_case(name))
            })
            .collect();
        rows.sort_by_key(|(place, _)| {
            let task = Place {
                task: place.task,
                item: None,
            };
            let begun = state
                .tasks
                .get(&(id.clone(), task))
                .and_then(|row| row.begun);
            (begun.is_none(), begun, *place)
        });
        let limit = if filter.limit == 0 {
            usize::MAX
        } else {
            filter.limit
        };
        let page = rows.into_iter().skip(filter.offset).take(limit);
        Ok(page
            .map(|(place, row)| {
                let plan = state.plans.get(&(id.clone(), place.task));
                let item = place
                    .item
                    .and_then(|item| plan?.get(item as usize).cloned());
                row.clone().view(id, place, item)
            })
            .collect())
    }

    async fn items(
        &self,
        id: &ExecutionId,
        task_name: &str,
        from: u32,
        limit: u32,
    ) -> Result<Vec<TaskView>, StoreError> {
        let state = self.state();
        let head = tasks_of(&state, id)
            .find(|(place, row)| place.item.is_none() && row.name.eq_ignore_ascii_case(task_name))
            .and_then(|(place, row)| Some((place.task, row, row.counts?.total)));
        let Some((task, head, total)) = head else {
            return Ok(Vec::new());
        };
        let plan = state.plans.get(&(id.clone(), task));
        Ok((from..total.min(from.saturating_add(limit)))
            .map(|item| {
                let place = Place {
                    task,
                    item: Some(item),
                };
                let row = state.tasks.get(&(id.clone(), place)).cloned();
                let row = row.unwrap_or_else(|| TaskRow::pending(&head.name, &head.action));
                let value = plan.and_then(|plan| plan.get(item as usize).cloned());
                row.view(id, place, value)
            })
            .collect())
    }

    async fn commands(&self, filter: &CommandFilter) -> Result<Vec<CommandView>, StoreError> {
        let state = self.state();
        let mut commands: Vec<_> = state
            .commands
            .iter()
            .filter(|((key, _), _)| key.target == filter.target)
            .filter(|((key, _), _)| filter.since.is_none_or(|since| key.started >= since))
            .collect();
        commands.sort_by_key(|((key, id), _)| {
            Reverse((key.started, id, key.task, key.item, key.attempt))
        });
        let limit = if filter.limit == 0 {
            PAGE
        } else {
            filter.limit
        };
        let shown = commands.into_iter().take(limit);
        let views = shown.filter_map(|((key, id), row)| {
            let (execution, _) = state.executions.get(id)?;
            let top = Place {
                task: key.task,
                item: None,
            };
            let task = state.tasks.get(&(id.clone(), top))?;
            let place = CommandPlace {
                execution: id.clone(),
                template: execution.template_name.clone(),
                user: execution.user.clone(),
                task: task.name.clone(),
                action: task.action.clone(),
            };
            Some(command_view(key.clone(), row.clone(), place))
        });
        Ok(views.collect())
    }

    async fn repeated_by(&self, id: &ExecutionId) -> Result<Vec<ExecutionId>, StoreError> {
        let state = self.state();
        let repeats = state.repeats.iter().filter(|(_, (of, _))| of == id);
        Ok(repeats.map(|(id, _)| id.clone()).collect())
    }

    async fn events(
        &self,
        id: &ExecutionId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Event)>, StoreError> {
        let state = self.state();
        let secrets = state.secrets(id)?;
        let events = state.events(id, after, limit)?.into_iter();
        Ok(events
            .map(|(seq, event)| (seq, secrets.mask(&event)))
            .collect())
    }

    async fn changed(&self, seen: u64) -> Result<u64, StoreError> {
        Ok(self.moment_after(seen).await)
    }

    async fn unfinished(&self) -> Result<Vec<ExecutionId>, StoreError> {
        let state = self.state();
        let mut open: Vec<_> = state
            .executions
            .iter()
            .filter(|(id, (row, _))| id.depth() == 0 && !row.status.is_final())
            .filter(|(id, (row, _))| {
                let waits_for_trigger =
                    row.status == ExecutionStatus::Waiting && state.watches.contains_key(*id);
                let mut posted = state.signals.values();
                !waits_for_trigger
                    || posted.any(|posted| posted.id == **id && posted.answer.is_none())
            })
            .collect();
        open.sort_by_key(|(id, (row, _))| (row.started, *id));
        Ok(open.into_iter().map(|(id, _)| id.clone()).collect())
    }
}

fn tasks_of<'a>(
    state: &'a State,
    id: &'a ExecutionId,
) -> impl Iterator<Item = (Place, &'a TaskRow)> {
    let first = Place {
        task: 0,
        item: None,
    };
    state
        .tasks
        .range((id.clone(), first)..)
        .take_while(move |((execution, _), _)| execution == id)
        .map(|((_, place), row)| (*place, row))
}

fn view(
    state: &State,
    id: &ExecutionId,
    (row, detail): &(ExecutionRow, DetailRow),
) -> ExecutionView {
    let mut counters = BTreeMap::new();
    let mut current = Vec::new();
    for (_, task) in tasks_of(state, id).filter(|(place, _)| place.item.is_none()) {
        *counters.entry(task.status.as_str().to_owned()).or_default() += 1;
        if is_current(task.status) {
            current.push(task.name.clone());
        }
    }
    execution_view(id, row.clone(), detail.clone(), counters, current)
}

fn selects(
    filter: &ExecutionFilter,
    id: &ExecutionId,
    row: &ExecutionRow,
    detail: &DetailRow,
) -> bool {
    let kin = match &filter.parent {
        Some(parent) => id.parent().as_ref() == Some(parent),
        None => filter.include_children || id.depth() == 0,
    };
    let template = filter.template_name.as_ref();
    kin && filter
        .id_prefix
        .as_ref()
        .is_none_or(|prefix| id.as_str().starts_with(prefix))
        && template.is_none_or(|name| name.to_lowercase() == row.template_name.to_lowercase())
        && (filter.statuses.is_empty() || filter.statuses.contains(&row.status))
        && filter
            .executed_by
            .as_ref()
            .is_none_or(|user| *user == row.user)
        && filter
            .tags
            .iter()
            .all(|(key, value)| detail.tags.get(key) == Some(value))
        && filter.started_after.is_none_or(|at| row.started >= at)
        && filter.started_before.is_none_or(|at| row.started < at)
}
