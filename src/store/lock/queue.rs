//! The queue as the arbiter sees it.

use crate::base::id::ExecutionId;
use crate::engine::event::Lock;
use crate::store::StoreError;
use crate::store::lock::LockWish;

/// Number of a wish in the queue: a later one is higher.
pub(crate) type Number = u64;

/// How far a wish is. It only goes on, never back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Stage {
    /// Waits until it is the first for each of its names.
    Names,
    /// Is the first for all of them and waits for a place in its group.
    Place,
    /// Granted; its unit has not begun yet, as far as its journal says.
    Granted,
    /// Its unit is at work: nothing but its journal ends it.
    AtWork,
}

/// A wish in the queue.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Entry {
    pub(crate) number: Number,
    /// The execution that has it or waits for it.
    pub(crate) execution: ExecutionId,
    pub(crate) stage: Stage,
}

/// Wishes, and who stands behind them.
pub(crate) trait Queue {
    /// Returns the wish of a unit.
    fn find(&self, wish: &LockWish) -> Result<Option<Entry>, StoreError>;

    /// Tells whether the unit has ended already, so that it wants nothing any more.
    fn has_ended(&self, wish: &LockWish) -> Result<bool, StoreError>;

    /// Returns the locks of the units that `execution` runs in.
    fn around(&self, execution: &ExecutionId) -> Result<Vec<Lock>, StoreError>;

    /// Tells whether another root execution than `root` has or wants anything.
    fn has_others(&self, root: &ExecutionId) -> Result<bool, StoreError>;

    /// Puts a wish at the end of the queue.
    fn push(&mut self, wish: &LockWish, stage: Stage) -> Result<Number, StoreError>;

    /// Returns the first wish for a name: the one who has it, if anybody does.
    fn first(&self, name: &str) -> Result<Option<Entry>, StoreError>;

    /// Tells whether a wish is the first for each of its names.
    fn is_first(&self, number: Number) -> Result<bool, StoreError>;

    /// Returns the group of a wish.
    fn group_of(&self, number: Number) -> Result<Option<String>, StoreError>;

    /// Returns the first wish that waits for a place in a group, and the limit that it names.
    fn first_for_place(&self, group: &str) -> Result<Option<(Entry, u32)>, StoreError>;

    /// Counts who is in change in a group, up to `limit`.
    fn in_change(&self, group: &str, limit: u32) -> Result<u32, StoreError>;

    /// Moves a wish on.
    fn enter(&mut self, number: Number, stage: Stage) -> Result<(), StoreError>;

    /// Takes a wish out of the queue and returns what it had or wanted.
    fn remove(&mut self, number: Number) -> Result<Lock, StoreError>;

    /// Returns the wishes of a root execution whose units are not at work.
    fn idle(&self, root: &ExecutionId) -> Result<Vec<Number>, StoreError>;

    /// Tells whether somebody works on a root execution.
    fn is_owned(&self, root: &ExecutionId) -> Result<bool, StoreError>;
}
