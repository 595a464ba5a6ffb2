//! What is read of a trigger before its moment comes, so that what it starts begins on time.

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::Map;
use crate::engine::timer::{InvalidTimer, Timer};
use crate::runner::handle::{Runner, RunnerError};
use crate::runner::trigger::Fuse;
use crate::store::TriggerView;

/// A trigger, read ahead. When it fires is compared with what is in force then; what it starts is as it was read,
/// so whoever changes its template forgets this.
#[derive(Debug)]
pub(super) struct Ahead {
    settings: Map,
    start_date: Timestamp,
    timer: Timer,
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
        Ok(Some(Self {
            settings: trigger.settings,
            start_date: trigger.start_date,
            timer,
            fuse: runner.fuse(id).await?,
        }))
    }

    /// Returns the timer of a trigger, as it is now.
    pub(super) fn timer(
        ahead: Option<&Self>,
        trigger: &TriggerView,
    ) -> Result<Timer, InvalidTimer> {
        match ahead {
            Some(ahead)
                if ahead.settings == trigger.settings && ahead.start_date == trigger.start_date =>
            {
                Ok(ahead.timer.clone())
            }
            _ => Timer::read(&trigger.settings, trigger.start_date),
        }
    }
}
