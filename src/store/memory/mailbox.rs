//! Signals, in memory.

use async_trait::async_trait;

use crate::base::id::ExecutionId;
use crate::engine::event::Signal;
use crate::store::memory::MemoryStore;
use crate::store::memory::state::Posted;
use crate::store::{Mailbox, StoreError};

#[async_trait]
impl Mailbox for MemoryStore {
    async fn post(&self, id: &ExecutionId, signal: &Signal) -> Result<u64, StoreError> {
        let mut state = self.state();
        state.last_signal += 1;
        let number = state.last_signal;
        let posted = Posted {
            id: id.clone(),
            signal: signal.clone(),
            answer: None,
        };
        state.signals.insert(number, posted);
        drop(state);
        self.announce();
        Ok(number)
    }

    async fn waiting(&self, id: &ExecutionId) -> Result<Vec<(u64, Signal)>, StoreError> {
        let state = self.state();
        let waiting = state
            .signals
            .iter()
            .filter(|(_, posted)| posted.id == *id && posted.answer.is_none());
        Ok(waiting
            .map(|(number, posted)| (*number, posted.signal.clone()))
            .collect())
    }

    async fn posted(&self, after: u64) -> Result<Vec<(u64, ExecutionId)>, StoreError> {
        let mut seen = 0;
        loop {
            seen = self.moment_after(seen).await;
            let posted: Vec<_> = self
                .state()
                .signals
                .range(after.saturating_add(1)..)
                .map(|(number, posted)| (*number, posted.id.clone()))
                .collect();
            if !posted.is_empty() {
                return Ok(posted);
            }
        }
    }

    async fn settle(&self, number: u64, refusal: Option<String>) -> Result<(), StoreError> {
        if let Some(posted) = self.state().signals.get_mut(&number) {
            posted.answer.get_or_insert(refusal.map_or(Ok(()), Err));
        }
        self.announce();
        Ok(())
    }

    async fn answer(&self, number: u64) -> Result<Option<Result<(), String>>, StoreError> {
        let state = self.state();
        Ok(state
            .signals
            .get(&number)
            .and_then(|posted| posted.answer.clone()))
    }
}
