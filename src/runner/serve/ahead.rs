//! What is read of a trigger before its moment comes, so that what it starts begins on time.

use crate::base::id::ExecutionId;
use crate::engine::timer::Timer;
use crate::runner::handle::{Runner, RunnerError};
use crate::runner::trigger::Fuse;
use crate::store::TriggerView;

/// A trigger, read ahead.
#[derive(Debug)]
pub(super) struct Ahead {
    /// When it fires.
    pub(super) timer: Timer,
    /// What it starts.
    pub(super) fuse: Fuse,
}

impl Ahead {
    /// Reads a trigger; `None` if there is no timer to be read.
    pub(super) async fn read(
        runner: &Runner,
        id: &ExecutionId,
    ) -> Result<Option<Self>, RunnerError> {
        let Some(trigger) = runner.store().trigger(id).await? else {
            return Ok(None);
        };
        // An error in it is told when it is due.
        let Ok(timer) = Timer::read(&trigger.settings, trigger.start_date) else {
            return Ok(None);
        };
        let fuse = runner.fuse(id).await?;
        let ahead = Self { timer, fuse };
        Ok(ahead.is_in_force(&trigger).then_some(ahead))
    }

    /// Tells whether nothing has become of the trigger since it was read: whoever renews it, from whichever
    /// process, adds to its journal.
    pub(super) fn is_in_force(&self, trigger: &TriggerView) -> bool {
        self.fuse.length == trigger.length
    }
}
