//! What a store of one process stands on: the store that outlives it, what goes wrong, and who looks on.

use std::time::Duration;

use oos::base::id::ExecutionId;
use oos::engine::event::{Event, Signal};
use oos::store::{Seq, Store};

use crate::chance::Chance;
use crate::mail::Mail;
use crate::plan::Operation;
use crate::trouble::AppendTrouble;

/// A world, as the store of one of its processes sees it.
pub(crate) trait Ground: Send + Sync {
    /// Returns the store that never fails.
    fn store(&self) -> &dyn Store;

    /// Returns the chance that belongs to a name and a number.
    fn chance(&self, name: &str, number: u64) -> Chance;

    /// Counts an operation other than an append; tells whether it fails.
    fn fails(&self, operation: Operation) -> bool;

    /// Counts an append; returns what goes wrong with it, and its number.
    fn append(&self) -> (Option<AppendTrouble>, u32);

    /// Returns for how long the disk holds up an append, if it does.
    fn stall(&self) -> Option<Duration> {
        None
    }

    /// Looks at events that have just become durable behind a position.
    fn appended(&self, id: &ExecutionId, expected: Seq, events: &[Event]);

    /// Looks on as an append is answered.
    fn acknowledged(&self, id: &ExecutionId);

    /// Looks at a letter that was posted.
    fn posted(&self, number: u64, id: &ExecutionId, signal: &Signal);

    /// Looks on as a letter is answered.
    fn settled(&self, number: u64, is_refused: bool);

    /// Returns who was told that there is mail.
    fn mail(&self) -> &Mail;
}
