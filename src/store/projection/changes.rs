//! Rows before and after events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::id::ExecutionId;
use crate::base::value::{Map, Value};
use crate::store::StoreError;
use crate::store::projection::{
    CommandKey, CommandRow, DetailRow, ExecutionRow, FiringKey, FiringRow, Place, TaskRow, WatchRow,
};

/// The rows as they are before the events.
pub(crate) trait Rows {
    /// Returns the execution, if it has begun.
    fn execution(&self) -> Result<Option<ExecutionRow>, StoreError>;

    /// Returns a task or item, if there is a row of it.
    fn task(&self, place: Place) -> Result<Option<TaskRow>, StoreError>;

    /// Returns the trigger that the execution waits for, or did.
    fn watch(&self) -> Result<Option<WatchRow>, StoreError>;
}

/// The rows as they are after the events; those that are not here did not change.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) execution: ExecutionRow,
    /// Set when the execution began with these events.
    pub(crate) detail: Option<DetailRow>,
    /// Set when the execution ended with these events.
    pub(crate) outputs: Option<Map>,
    /// Set when the execution began and repeats another one: which, and whether only its rest.
    pub(crate) repeat: Option<(ExecutionId, bool)>,
    /// Tasks whose items of earlier attempts are gone; takes effect before `tasks`.
    pub(crate) cleared: BTreeSet<u32>,
    /// New loop items, by task.
    pub(crate) plans: BTreeMap<u32, Arc<Vec<Value>>>,
    pub(crate) tasks: BTreeMap<Place, TaskRow>,
    /// Commands on instances that began, changed or ended.
    pub(crate) commands: BTreeMap<CommandKey, CommandRow>,
    /// The trigger that the execution waits for, if that changed.
    pub(crate) watch: Option<WatchRow>,
    /// What became of times of triggers.
    pub(crate) firings: BTreeMap<FiringKey, FiringRow>,
}
