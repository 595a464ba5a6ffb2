//! Audit records, in memory.

use async_trait::async_trait;

use crate::base::time::Timestamp;
use crate::store::StoreError;
use crate::store::audit::{Audit, AuditHead, AuditRecord, Deed};
use crate::store::memory::MemoryStore;
use crate::store::memory::state::State;

/// Where the records of this store come from.
const ORIGIN: &str = "memory";

impl State {
    /// Adds a record; returns the new head.
    pub(super) fn audit(&mut self, at: Timestamp, deed: &Deed) -> AuditHead {
        let head = self.audit.last().map(AuditRecord::head);
        let record = AuditRecord::next(head.as_ref(), at, ORIGIN, deed);
        let head = record.head();
        self.audit.push(record);
        head
    }
}

#[async_trait]
impl Audit for MemoryStore {
    async fn note(&self, deed: Deed) -> Result<AuditHead, StoreError> {
        Ok(self.state().audit(self.now(), &deed))
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditRecord>, StoreError> {
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        let state = self.state();
        Ok(state.audit.iter().skip(skip).take(limit).cloned().collect())
    }
}
