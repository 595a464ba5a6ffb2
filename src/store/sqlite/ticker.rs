//! One thread that does a piece of work a while after it was asked for. It sleeps while nobody
//! asks, and ends with its owner.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

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
    asked: bool,
    closed: bool,
}

impl Ticker {
    /// Has `work` done once after `pause`, however often it is asked for meanwhile. The first
    /// `work` is kept and is the one that is done.
    pub(super) fn ring(&self, pause: Duration, work: impl Fn() + Send + 'static) {
        self.started.get_or_init(|| {
            let bell = self.bell.clone();
            let thread = thread::Builder::new().name("oos-output".into());
            if let Err(error) = thread.spawn(move || bell.serve(pause, work)) {
                // Output is then stored when a buffer is full, by the next write, and at the end.
                tracing::warn!(%error, "no thread for command output");
            }
        });
        let mut state = self.bell.state();
        if !state.asked {
            state.asked = true;
            self.bell.changed.notify_one();
        }
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

    fn serve(&self, pause: Duration, work: impl Fn()) {
        loop {
            let state = self
                .changed
                .wait_while(self.state(), |state| !state.asked && !state.closed)
                .unwrap_or_else(PoisonError::into_inner);
            let (mut state, _) = self
                .changed
                .wait_timeout_while(state, pause, |state| !state.closed)
                .unwrap_or_else(PoisonError::into_inner);
            if state.closed {
                return;
            }
            state.asked = false;
            drop(state);
            work();
        }
    }
}
