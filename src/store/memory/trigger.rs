//! Triggers and firings, in memory.

use std::cmp::Reverse;

use async_trait::async_trait;

use crate::base::id::ExecutionId;
use crate::store::memory::MemoryStore;
use crate::store::memory::state::State;
use crate::store::projection::{Changes, WatchRow};
use crate::store::{FiringView, Seq, StoreError, TriggerMark, TriggerView, Triggers};

#[async_trait]
impl Triggers for MemoryStore {
    async fn triggers(&self, ended: bool) -> Result<Vec<TriggerView>, StoreError> {
        let state = self.state();
        let mut triggers: Vec<TriggerView> = state
            .watches
            .iter()
            .filter_map(|(id, row)| view(&state, id, row))
            .filter(|trigger| ended || !trigger.status.is_final())
            .collect();
        triggers.sort_by_key(|trigger| (trigger.start_date, trigger.execution_id.clone()));
        Ok(triggers)
    }

    async fn marks(&self) -> Result<Vec<TriggerMark>, StoreError> {
        let triggers = self.triggers(false).await?.into_iter();
        let marks = triggers.map(|trigger| TriggerMark {
            execution_id: trigger.execution_id,
            trigger_type: trigger.trigger_type,
            paused: trigger.paused,
            resumed: trigger.resumed,
            renewed: trigger.renewed,
        });
        Ok(marks.collect())
    }

    async fn trigger(&self, id: &ExecutionId) -> Result<Option<TriggerView>, StoreError> {
        let state = self.state();
        let row = state.watches.get(id);
        Ok(row.and_then(|row| view(&state, id, row)))
    }

    async fn firings(&self, id: &ExecutionId, limit: usize) -> Result<Vec<FiringView>, StoreError> {
        let state = self.state();
        let mut firings: Vec<_> = state
            .firings
            .iter()
            .filter(|(key, _)| key.trigger == *id)
            .collect();
        firings.sort_by_key(|(key, _)| Reverse((key.at, key.source.clone())));
        let views = firings.into_iter().take(limit).map(|(key, row)| {
            let execution = row.execution.as_ref();
            let started = execution.and_then(|id| state.executions.get(id));
            FiringView {
                trigger: key.trigger.clone(),
                date: key.at,
                nominal_time: row.nominal,
                until_time: row.until,
                count: row.count,
                cause: row.cause,
                note: row.note.clone(),
                execution_id: execution.cloned(),
                status: started.map(|(row, _)| row.status),
            }
        });
        Ok(views.collect())
    }

    async fn running(&self, id: &ExecutionId) -> Result<Vec<ExecutionId>, StoreError> {
        let state = self.state();
        let mut running: Vec<_> = state
            .executions
            .iter()
            .filter(|(_, (row, _))| row.fired_by.as_ref() == Some(id) && !row.status.is_final())
            .collect();
        running.sort_by_key(|(id, (row, _))| (row.started, *id));
        Ok(running.into_iter().map(|(id, _)| id.clone()).collect())
    }
}

fn view(state: &State, id: &ExecutionId, row: &WatchRow) -> Option<TriggerView> {
    let (execution, _) = state.executions.get(id)?;
    let firings = state.firings.iter().filter(|(key, _)| key.trigger == *id);
    Some(TriggerView {
        execution_id: id.clone(),
        template_name: execution.template_name.clone(),
        trigger_type: row.kind,
        settings: row.settings.clone(),
        status: execution.status,
        paused: row.paused,
        resumed: row.resumed,
        renewed: row.renewed,
        start_date: row.began,
        handled: firings.filter_map(|(_, row)| row.until).max(),
        executed_by: execution.user.clone(),
        length: state.journals.get(id).map_or(0, Vec::len) as Seq,
    })
}

/// Refuses changes that make something of a time of a trigger at or before one that something became
/// of already.
pub(super) fn refuse_second_firing(state: &State, changes: &Changes) -> Result<(), StoreError> {
    for (key, row) in &changes.firings {
        let earlier = state
            .firings
            .iter()
            .filter(|(other, _)| other.trigger == key.trigger);
        let handled = earlier.filter_map(|(_, row)| row.until).max();
        if let Some(nominal) = row.nominal
            && handled.is_some_and(|handled| nominal <= handled)
        {
            return Err(StoreError::Passed {
                trigger: key.trigger.clone(),
                nominal,
            });
        }
    }
    Ok(())
}
