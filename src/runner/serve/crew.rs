//! The executions that a daemon works on, and those that it has let go of because they rest.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::runner::handle::{DriveOptions, Outcome, Runner, RunnerError, Taking};
use crate::runner::rest::Rests;
use crate::runner::serve::wait::wait_until;

/// How long an execution is left to who has it before it is asked for again.
const OWNED_PAUSE: Duration = Duration::from_secs(2);

/// How long an execution that could not be worked on is left alone.
const FAILED_PAUSE: Duration = Duration::from_secs(10);

/// How many executions are taken up at the same time: each is read as a whole, and most of them rest.
const MOST_BEGINNING: usize = 128;

/// How long what is under way may take to come to its end when the daemon stops; then it is let go of as
/// by a crash.
const STOP_PATIENCE: Duration = Duration::from_secs(4);

/// Who works on what.
#[derive(Debug)]
pub(super) struct Crew {
    runner: Runner,
    stop: CancellationToken,
    working: JoinSet<Left>,
    here: HashMap<ExecutionId, Call>,
    parked: Parked,
    beginning: Beginning,
}

/// Lets so many executions be taken up at the same time.
#[derive(Clone, Debug)]
pub(super) struct Beginning(Arc<Semaphore>);

impl Beginning {
    /// Tells whether any is being taken up.
    pub(super) fn is_any(&self) -> bool {
        self.0.available_permits() < MOST_BEGINNING
    }
}

/// Whether an execution is to be looked at once more when it is let go of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Call {
    None,
    Again,
}

/// An execution that is no longer worked on.
#[derive(Debug)]
pub(super) struct Left {
    /// Which.
    pub(super) id: ExecutionId,
    /// How that came.
    pub(super) outcome: Result<Outcome, RunnerError>,
    /// When it is to be taken up again.
    pub(super) wake: Option<Timestamp>,
}

impl Crew {
    /// Works on nothing yet; `stop` lets go of everything.
    pub(super) fn new(runner: Runner, stop: CancellationToken) -> Self {
        Self {
            runner,
            stop,
            working: JoinSet::new(),
            here: HashMap::new(),
            parked: Parked::default(),
            beginning: Beginning(Arc::new(Semaphore::new(MOST_BEGINNING))),
        }
    }

    /// Returns what tells whether executions are being taken up.
    pub(super) fn beginning(&self) -> Beginning {
        self.beginning.clone()
    }

    /// Returns how many executions are worked on.
    pub(super) fn len(&self) -> usize {
        self.here.len()
    }

    /// Tells whether an execution is worked on here, or waits here for its time.
    pub(super) fn knows(&self, id: &ExecutionId) -> bool {
        self.here.contains_key(id) || self.parked.has(id)
    }

    /// Tells whether an execution is worked on here.
    pub(super) fn works_on(&self, id: &ExecutionId) -> bool {
        self.here.contains_key(id)
    }

    /// Begins to work on a root execution, unless it is worked on. `release` says that what held it
    /// is over.
    pub(super) fn take_up(&mut self, id: ExecutionId, release: bool) {
        if let Some(call) = self.here.get_mut(&id) {
            // It may just have decided to rest.
            *call = Call::Again;
            return;
        }
        self.parked.remove(&id);
        self.here.insert(id.clone(), Call::None);
        let runner = self.runner.clone();
        let options = DriveOptions {
            stop: self.stop.child_token(),
            stop_when_waiting: false,
        };
        let beginning = Arc::clone(&self.beginning.0);
        self.working.spawn(async move {
            let permit = beginning.acquire_owned().await;
            let rests = Arc::new(Rests::beginning(permit.expect("it is never closed")));
            let taking = Taking {
                release,
                rests: Some(Arc::clone(&rests)),
                is_daemon: true,
            };
            // In a box of its own: what waits for its permit takes little room.
            let outcome = Box::pin(runner.work_on(&id, options, taking)).await;
            let wake = rests.wake();
            Left { id, outcome, wake }
        });
    }

    /// Waits until an execution is no longer worked on; for ever if there is none. Cancel-safe.
    pub(super) async fn left(&mut self) -> Left {
        loop {
            match self.working.join_next().await {
                Some(Ok(left)) => return left,
                // A panic must not be lost.
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
                None => std::future::pending().await,
            }
        }
    }

    /// Notes that an execution is no longer worked on; tells whether it has ended.
    pub(super) fn note(&mut self, left: &Left) -> bool {
        let call = self.here.remove(&left.id).unwrap_or(Call::None);
        match &left.outcome {
            Ok(Outcome::Ended { .. }) => return true,
            Ok(Outcome::Stopped) => {}
            // Whoever has it works on it, and may not come to its end.
            Err(RunnerError::Owned(_)) => return self.again_later(&left.id, OWNED_PAUSE),
            Err(RunnerError::OtherInventory { .. }) => {
                let error = left.outcome.as_ref().err();
                let error = error.map(|error| error as &dyn std::error::Error);
                tracing::error!(execution = %left.id, error, "it is left alone");
                self.leave(left.id.clone());
                return false;
            }
            Err(error) => {
                let error = error as &dyn std::error::Error;
                tracing::error!(execution = %left.id, error, "it cannot be gone on with");
                return self.again_later(&left.id, FAILED_PAUSE);
            }
        }
        if self.stop.is_cancelled() {
            return false;
        }
        if call == Call::Again {
            self.take_up(left.id.clone(), false);
        } else {
            self.parked.insert(left.id.clone(), left.wake);
        }
        false
    }

    /// Takes an execution up again after a while; it has not ended.
    fn again_later(&mut self, id: &ExecutionId, pause: Duration) -> bool {
        let wake = self.runner.clock().now().checked_add(pause).ok();
        self.parked.insert(id.clone(), wake);
        false
    }

    /// Leaves an execution alone until somebody speaks to it.
    pub(super) fn leave(&mut self, id: ExecutionId) {
        self.parked.insert(id, None);
    }

    /// Waits until the time of an execution that rests has come; for ever if none has a time.
    pub(super) fn due(&self) -> impl Future<Output = ()> + use<> {
        wait_until(self.runner.clock(), self.parked.next())
    }

    /// Takes up the executions whose time has come.
    pub(super) fn take_up_due(&mut self) {
        let now = self.runner.clock().now();
        for id in self.parked.due(now) {
            self.take_up(id, false);
        }
    }

    /// Waits until everything has been let go of.
    pub(super) async fn finish(&mut self) {
        let all = async {
            while let Some(left) = self.working.join_next().await {
                if let Err(error) = left {
                    std::panic::resume_unwind(error.into_panic());
                }
            }
        };
        if tokio::time::timeout(STOP_PATIENCE, all).await.is_err() {
            tracing::warn!(
                "calls were under way at the end; whether they took effect is asked later"
            );
        }
    }
}

/// Executions that rest.
#[derive(Debug, Default)]
struct Parked {
    wakes: HashMap<ExecutionId, Option<Timestamp>>,
    order: BTreeSet<(Timestamp, ExecutionId)>,
}

impl Parked {
    fn has(&self, id: &ExecutionId) -> bool {
        self.wakes.contains_key(id)
    }

    fn insert(&mut self, id: ExecutionId, wake: Option<Timestamp>) {
        self.remove(&id);
        if let Some(wake) = wake {
            self.order.insert((wake, id.clone()));
        }
        self.wakes.insert(id, wake);
    }

    fn remove(&mut self, id: &ExecutionId) {
        if let Some(Some(wake)) = self.wakes.remove(id) {
            self.order.remove(&(wake, id.clone()));
        }
    }

    fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(wake, _)| *wake)
    }

    fn due(&mut self, now: Timestamp) -> Vec<ExecutionId> {
        let due: Vec<ExecutionId> = self
            .order
            .iter()
            .take_while(|(wake, _)| *wake <= now)
            .map(|(_, id)| id.clone())
            .collect();
        for id in &due {
            self.remove(id);
        }
        due
    }
}
