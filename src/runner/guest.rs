//! Executions that executions started, worked on beside them in the same process.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::base::id::ExecutionId;
use crate::runner::handle::{DriveOptions, Runner, RunnerError};

/// The guests of a runner.
#[derive(Debug)]
pub(super) struct Guests {
    working: TaskTracker,
    /// Fires when they are to be let go of.
    stop: CancellationToken,
    /// The first that could not be gone on with.
    failed: watch::Sender<Option<(ExecutionId, Arc<RunnerError>)>>,
}

impl Guests {
    pub(super) fn new() -> Self {
        Self {
            working: TaskTracker::new(),
            stop: CancellationToken::new(),
            failed: watch::Sender::new(None),
        }
    }

    /// Returns once a guest cannot be gone on with: who started it may wait for it, and would for
    /// ever.
    pub(super) async fn failure(&self) -> RunnerError {
        let mut failed = self.failed.subscribe();
        let found = failed.wait_for(Option::is_some).await;
        let found = found.expect("the sender is not dropped while this borrows it");
        let (id, error) = found.clone().expect("it was waited for");
        RunnerError::Guest { id, error }
    }

    /// Forgets that a guest could not be gone on with: it has been told.
    pub(super) fn forget_failure(&self) {
        self.failed.send_replace(None);
    }

    fn first_failure(&self) -> Option<RunnerError> {
        let failed = self.failed.borrow();
        let (id, error) = failed.as_ref()?;
        Some(RunnerError::Guest {
            id: id.clone(),
            error: Arc::clone(error),
        })
    }
}

impl Runner {
    /// Works on an execution that another one started, beside it, until it ends or waits for a
    /// person. [`finish_guests`](Self::finish_guests) waits for it.
    pub(super) fn host(&self, id: ExecutionId) {
        let runner = self.clone();
        let options = DriveOptions {
            stop: self.guests().stop.child_token(),
            stop_when_waiting: true,
        };
        let work = async move {
            match runner.drive(&id, options).await {
                // Whoever has it works on it; what ended another guest has been told.
                Ok(_) | Err(RunnerError::Owned(_) | RunnerError::Guest { .. }) => {}
                Err(error) => {
                    runner.guests().failed.send_if_modified(|failed| {
                        let is_first = failed.is_none();
                        failed.get_or_insert((id, Arc::new(error)));
                        is_first
                    });
                }
            }
        };
        drop(self.guests().working.spawn(work));
    }

    /// Returns once nobody here works any more on executions that were started by executions: they
    /// have ended, wait for a person, or were let go of because `stop` fired.
    ///
    /// Fails if one of them could not be gone on with; it is resumable.
    pub async fn finish_guests(&self, stop: CancellationToken) -> Result<(), RunnerError> {
        let guests = self.guests();
        guests.working.close();
        tokio::select! {
            biased;
            () = guests.working.wait() => {}
            () = stop.cancelled() => guests.stop.cancel(),
        }
        guests.working.wait().await;
        guests.first_failure().map_or(Ok(()), Err)
    }
}
