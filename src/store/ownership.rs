//! The trait of ownership: who works on an execution, and whether somebody takes up what nobody does.

use std::fmt;

use crate::base::id::ExecutionId;
use crate::store::StoreError;

/// Who works on an execution. Ownership dies with the process that holds it.
pub trait Ownership: Send + Sync + fmt::Debug {
    /// Takes an execution (its root id) for this process, if nobody has it.
    fn claim(&self, root: &ExecutionId) -> Result<Option<OwnerGuard>, StoreError>;

    /// Tells whether some process, this one included, has it.
    fn is_owned(&self, root: &ExecutionId) -> Result<bool, StoreError>;

    /// Says that this process takes up whatever is left to be done. Several may.
    fn attend(&self) -> Result<OwnerGuard, StoreError>;

    /// Tells whether some process, this one included, takes up whatever is left to be done.
    fn is_attended(&self) -> Result<bool, StoreError>;
}

/// Holds an execution; gives it back when dropped.
pub struct OwnerGuard(#[expect(dead_code, reason = "held for its drop")] Box<dyn Send + Sync>);

impl OwnerGuard {
    /// Makes a guard that drops `lock` to give the execution back.
    pub fn new(lock: impl Send + Sync + 'static) -> Self {
        Self(Box::new(lock))
    }
}

impl fmt::Debug for OwnerGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnerGuard")
    }
}
