//! Reports over fleets: what one command came to on each of many targets, folded so that a person
//! can read it. Reads what is recorded; decides and prints nothing.

mod comparison;
mod difference;
mod group;
mod normal;
mod output;
mod predecessor;
mod read;
mod step;
mod target;

pub use comparison::{Change, ChangeKind, Comparison, State, compare};
pub use difference::difference;
pub use group::{Group, GroupKey};
pub use normal::Normal;
pub use output::{Output, read_output};
pub use predecessor::predecessor;
pub use read::{ReportRequest, read_report};
pub use step::{ClassCount, Step};
pub use target::{Fault, Target};

use crate::store::view::ExecutionView;

/// What the commands of one execution and of its children came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// The execution.
    pub execution: ExecutionView,
    /// What outputs were made equal by before they were grouped.
    pub normal: Normal,
    /// The steps, in the order in which they began.
    pub steps: Vec<Step>,
}

impl Report {
    /// Returns how many targets all steps have together.
    pub fn target_count(&self) -> usize {
        self.steps.iter().map(|step| step.targets.len()).sum()
    }
}
