//! Letting go of commands on hosts once their end is durable: many at once, and nobody waits for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::provider::local::driver::{Driver, DriverError};
use crate::provider::local::state::State;

/// How long ends are gathered, for one flush of the disk to serve them all.
const GATHER: Duration = Duration::from_millis(20);

/// Commands that have ended on hosts, to be acknowledged when that is durable.
#[derive(Debug, Default)]
pub(super) struct Releases(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    ended: Vec<(String, String)>,
    /// The worker, while there is something to do.
    worker: JoinSet<()>,
}

impl Releases {
    /// Takes note that a command's end was written; it need not be durable yet.
    pub(super) fn add(
        self: &Arc<Self>,
        (state, driver): (&State, &Arc<dyn Driver>),
        instance: &str,
        invocation: &str,
    ) {
        let mut queue = self.queue();
        queue
            .ended
            .push((instance.to_owned(), invocation.to_owned()));
        while queue.worker.try_join_next().is_some() {}
        if queue.worker.is_empty() {
            let work = work(self.clone(), state.clone(), driver.clone());
            queue.worker.spawn(work);
        }
    }

    /// Waits until all that was added is let go of.
    pub(super) async fn settle(&self) {
        let mut worker = std::mem::take(&mut self.queue().worker);
        while worker.join_next().await.is_some() {}
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn work(releases: Arc<Releases>, state: State, driver: Arc<dyn Driver>) {
    loop {
        sleep(GATHER).await;
        let ended = {
            let mut queue = releases.queue();
            if queue.ended.is_empty() {
                // Under the lock: who adds now sees no worker and makes one.
                queue.worker.detach_all();
                return;
            }
            std::mem::take(&mut queue.ended)
        };
        let flush = state.clone();
        let flushed = tokio::task::spawn_blocking(move || flush.make_durable()).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::warn!("ends of commands are not durable: their hosts keep them");
            continue;
        }
        for (instance, invocation) in ended {
            match driver.acknowledge(&instance, &invocation).await {
                Ok(()) | Err(DriverError::NotFound { .. }) => {}
                // What stays on the host is cleaned by age.
                Err(error) => tracing::warn!(instance, invocation, %error, "the host keeps it"),
            }
        }
    }
}
