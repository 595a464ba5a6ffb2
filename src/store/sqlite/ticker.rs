//! One thread that does a piece of work a while after it was asked for. It sleeps while nobody
//! asks, and ends with its owner.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Rings a while after it was wound.
#[derive(Default)]
pub(super) struct Ticker {
    bell: Arc<Bell>,
    started: OnceLock<()>,
}

#[derive(Default)]
struct Bell {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// When the work is to be done, if it is asked for.
    due: Option<Instant>,
    closed: bool,
}

impl Ticker {
    /// Has `work` done once after `pause`, however often it is asked for meanwhile. The first
    /// `work` is kept and is the one that is done.
    pub(super) fn ring(&self, pause: Duration, work: impl Fn() + Send + 'static) {
        self.started.get_or_init(|| {
            let bell = self.bell.clone();
            let thread = thread::Builder::new().name("oos-output".into());
            if let Err(error) = thread.spawn(move || bell.serve(work)) {
                // Output is then stored when a buffer is full, by the next write, and at the end.
                tracing::warn!(%error, "no thread for command output");
            }
        });
        let mut state = self.bell.state();
        if state.due.is_none() {
            state.due = Some(now() + pause);
            self.bell.changed.notify_one();
        }
    }

    /// Takes back what was asked for: somebody else has done it.
    pub(super) fn calm(&self) {
        self.bell.state().due = None;
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.bell.state().closed = true;
        self.bell.changed.notify_one();
    }
}

impl Bell {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, work: impl Fn()) {
        while self.wait() {
            work();
        }
    }

    /// Waits until there is something to do; returns whether there ever will be.
    fn wait(&self) -> bool {
        let mut state = self.state();
        loop {
            if state.closed {
                return false;
            }
            let left = state.due.map(|due| due.saturating_duration_since(now()));
            state = match left {
                Some(Duration::ZERO) => {
                    state.due = None;
                    return true;
                }
                Some(left) => {
                    let woken = self.changed.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let woken = self.changed.wait(state);
                    woken.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing is decided by it but when to store"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_was_taken_back_is_asked_for_anew() {
        let ticker = Ticker::default();
        let (done, is_done) = mpsc::channel();
        let ring = |pause| {
            let done = done.clone();
            ticker.ring(pause, move || done.send(()).unwrap());
        };
        ring(Duration::from_hours(1));
        ticker.calm();
        ring(Duration::ZERO);
        is_done.recv_timeout(Duration::from_mins(1)).unwrap();
        // Nobody has asked since.
        assert!(ticker.bell.state().due.is_none());
    }
}
