//! Who did what: records that each hold the digest of the one before, so that none can be changed,
//! left out or moved without being found. They are written in the same transaction as what they
//! tell of and outlive it.
//!
//! They do not keep anybody from writing to the file: whoever can, can also make a whole new chain.
//! A head that was noted outside finds that out.

mod chain;
mod deed;
mod journal;
mod line;
mod origin;
mod record;
#[cfg(test)]
mod tests;

use std::fmt;

use async_trait::async_trait;

use crate::store::StoreError;

pub use chain::{AuditHead, AuditReport, Chain, Flaw};
pub use deed::{AuditAction, Deed};
pub(super) use deed::{removed, template_created};
pub(super) use journal::deed_of;
pub use line::{from_line, to_line};
pub(super) use origin::origin;
pub use record::AuditRecord;
pub(super) use record::{beginning, exact};

/// Keeps the audit records.
#[async_trait]
pub trait Audit: Send + Sync + fmt::Debug {
    /// Records a deed that no journal tells of. Durable when it returns; what journals tell of is
    /// recorded by the store itself when it is appended.
    async fn note(&self, deed: Deed) -> Result<AuditHead, StoreError>;

    /// Returns records behind number `after`, in order.
    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditRecord>, StoreError>;
}
