//! Locks of units and places in groups: who has them, who waits, and who is next. One arbiter for
//! every store, over the queue that each keeps.

mod arbiter;
mod meaning;
mod queue;

use std::fmt;

use async_trait::async_trait;
use serde::Serialize;

use crate::base::id::ExecutionId;
use crate::engine::event::{Lock, UnitId};
use crate::store::StoreError;

pub(crate) use arbiter::{give_back, stand, sweep};
pub(crate) use meaning::{Meaning, meaning};
pub(crate) use queue::{Entry, Number, Queue, Stage};

/// What a unit wants to have to itself.
#[derive(Clone, PartialEq, Debug)]
pub struct LockWish {
    /// The execution of the unit.
    pub execution: ExecutionId,
    /// The unit.
    pub unit: UnitId,
    /// What it wants.
    pub lock: Lock,
    /// The child execution that the unit is, which has the lock too.
    pub inside: Option<ExecutionId>,
}

/// What came of a wish.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The unit has all that it wants until it ends.
    Granted,
    /// It is in the queue behind units of its own root execution only.
    Waiting,
    /// It is in the queue, perhaps behind other executions, whose owners may die without a word.
    WaitingForOthers,
    /// It can never have it.
    Refused(String),
}

/// The place of a unit whose turn has come.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Turn {
    /// The execution of the unit.
    pub execution: ExecutionId,
    /// Place of its task.
    pub task: u32,
    /// Place of its loop item.
    pub item: Option<u32>,
}

/// A lock of an execution as listings show it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LockView {
    /// The execution of the unit.
    pub execution_id: ExecutionId,
    /// Place of the task.
    pub task: u32,
    /// Place of the loop item.
    pub item: Option<u32>,
    /// What it wants.
    pub names: Vec<String>,
    /// The group of which only so many may be in change.
    pub group: Option<String>,
    /// Whether it has it.
    pub granted: bool,
    /// The executions whose turn it is before: who has the names, or the places of the group.
    pub waits_for: Vec<ExecutionId>,
}

/// Locks across all executions of a data directory.
///
/// All names of a wish are granted at once or none, in the order in which the wishes came; a group
/// takes the next as soon as fewer than the limit of that wish are in it. A lock lasts until its unit
/// or task ends: the append that tells of it gives the lock to who is next. An execution that nobody
/// works on keeps the locks of units that are at work, as what they began may go on, and has no others.
#[async_trait]
pub trait Locks: Send + Sync + fmt::Debug {
    /// Puts a wish into the queue, unless it is there, and grants it if its turn has come.
    async fn lock(&self, wish: &LockWish) -> Result<Standing, StoreError>;

    /// Returns the units whose turn has come and that have not begun yet, as far as is recorded.
    async fn turns(&self) -> Result<Vec<Turn>, StoreError>;

    /// Takes those out of the queue that nobody stands behind, and lets others move on. To be called
    /// now and then by whoever waits: nothing is written when a process dies.
    async fn sweep(&self) -> Result<(), StoreError>;

    /// Returns what the executions below `root` have and wait for, in the order of the queue.
    async fn locks(&self, root: &ExecutionId) -> Result<Vec<LockView>, StoreError>;
}
