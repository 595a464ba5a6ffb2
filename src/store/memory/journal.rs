//! The journal and its projections, in memory.

use std::sync::Arc;

use async_trait::async_trait;

use crate::base::id::ExecutionId;
use crate::engine::event::{Event, Fact, Started};
use crate::store::audit::deed_of;
use crate::store::memory::MemoryStore;
use crate::store::memory::lock::follow;
use crate::store::memory::state::State;
use crate::store::memory::trigger::refuse_second_firing;
use crate::store::projection::{
    Changes, DetailRow, ExecutionRow, Place, Rows, TaskRow, WatchRow, fold,
};
use crate::store::secrets::Secrets;
use crate::store::{Journal, Seq, StoreError};

#[async_trait]
impl Journal for MemoryStore {
    async fn append(
        &self,
        id: &ExecutionId,
        expected: Seq,
        events: &[Event],
    ) -> Result<Seq, StoreError> {
        let last = append(&mut self.state(), id, expected, events)?;
        self.announce();
        Ok(last)
    }

    async fn read(&self, id: &ExecutionId) -> Result<Vec<Event>, StoreError> {
        let events = self.state().events(id, 0, usize::MAX)?;
        Ok(events.into_iter().map(|(_, event)| event).collect())
    }

    async fn start(&self, id: &ExecutionId) -> Result<Option<Box<Started>>, StoreError> {
        self.state().start(id)
    }
}

fn append(
    state: &mut State,
    id: &ExecutionId,
    expected: Seq,
    events: &[Event],
) -> Result<Seq, StoreError> {
    let found = state.journals.get(id).map_or(0, Vec::len) as Seq;
    if found != expected {
        return Err(StoreError::Conflict {
            id: id.clone(),
            expected,
            found,
        });
    }
    if events.is_empty() {
        return Ok(expected);
    }
    let secrets = match &events[0].fact {
        Fact::ExecutionStarted(started) if expected == 0 => Secrets::of(started),
        _ => state.secrets(id)?,
    };
    let masked: Vec<Event> = events.iter().map(|event| secrets.mask(event)).collect();
    let changes = fold(id, &StateRows { state, id }, expected + 1, &masked)?;
    refuse_second_rest(state, &changes)?;
    refuse_second_firing(state, &changes)?;
    let texts = events.iter().map(serde_json::to_string);
    let texts: Vec<String> =
        texts
            .collect::<Result<_, _>>()
            .map_err(|error| StoreError::Damaged {
                what: format!("journal of {id}"),
                reason: error.to_string(),
            })?;
    state.journals.entry(id.clone()).or_default().extend(texts);
    for (seq, event) in (expected + 1..).zip(&masked) {
        if let Some(deed) = deed_of(id, seq, event) {
            state.audit(event.at, &deed);
        }
    }
    save(state, id, changes);
    follow(state, id, &masked)?;
    Ok(expected + events.len() as Seq)
}

fn refuse_second_rest(state: &State, changes: &Changes) -> Result<(), StoreError> {
    let Some((execution, true)) = &changes.repeat else {
        return Ok(());
    };
    let other = state
        .repeats
        .iter()
        .find(|(_, (of, rest))| *rest && of == execution);
    match other {
        Some((by, _)) => Err(StoreError::Taken {
            execution: execution.clone(),
            by: by.clone(),
        }),
        None => Ok(()),
    }
}

struct StateRows<'a> {
    state: &'a State,
    id: &'a ExecutionId,
}

impl Rows for StateRows<'_> {
    fn execution(&self) -> Result<Option<ExecutionRow>, StoreError> {
        let found = self.state.executions.get(self.id);
        Ok(found.map(|(row, _)| row.clone()))
    }

    fn task(&self, place: Place) -> Result<Option<TaskRow>, StoreError> {
        Ok(self.state.tasks.get(&(self.id.clone(), place)).cloned())
    }

    fn watch(&self) -> Result<Option<WatchRow>, StoreError> {
        Ok(self.state.watches.get(self.id).cloned())
    }
}

fn save(state: &mut State, id: &ExecutionId, changes: Changes) {
    let detail = changes.detail.unwrap_or_default();
    let fresh = || (changes.execution.clone(), detail);
    let (row, detail): &mut (ExecutionRow, DetailRow) =
        state.executions.entry(id.clone()).or_insert_with(fresh);
    *row = changes.execution.clone();
    if let Some(outputs) = changes.outputs {
        detail.outputs = outputs;
    }
    if !changes.cleared.is_empty() {
        state.tasks.retain(|(execution, place), _| {
            execution != id || place.item.is_none() || !changes.cleared.contains(&place.task)
        });
    }
    if let Some(repeat) = changes.repeat {
        state.repeats.insert(id.clone(), repeat);
    }
    for (task, items) in changes.plans {
        state.plans.insert((id.clone(), task), Arc::clone(&items));
    }
    if let Some(row) = changes.watch {
        state.watches.insert(id.clone(), row);
    }
    state.firings.extend(changes.firings);
    for (key, row) in changes.commands {
        state.commands.insert((key, id.clone()), row);
    }
    for (place, row) in changes.tasks {
        state.tasks.insert((id.clone(), place), row);
    }
}
