//! Targets that came to the same: one status, one error code, one output.

use crate::base::failure::FailureClass;
use crate::engine::status::TaskStatus;
use crate::runner::report::Output;

/// What the targets of a group have in common.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct GroupKey {
    /// Their status.
    pub status: TaskStatus,
    /// Their error code; empty without a failure.
    pub code: String,
    /// The hash of their output as it was compared.
    pub hash: [u8; 32],
}

/// Targets that came to the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// What they have in common.
    pub key: GroupKey,
    /// The class of their failure.
    pub class: Option<FailureClass>,
    /// Their places among the targets of the step, ascending; never empty.
    pub members: Vec<usize>,
    /// The output of the first of them; `None` where outputs were not asked for, or too many.
    pub output: Option<Output>,
}
