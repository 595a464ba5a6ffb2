//! How much at once: connections that are open, new ones a second, and the files that a process may
//! open.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::provider::ssh::error::SshError;

/// Open files that are for everything else in the process: the database, logs, pipes of commands,
/// connections to jump hosts.
const RESERVED: u64 = 256;

/// Gives out the right to open a connection.
#[derive(Debug)]
pub(super) struct Limiter {
    open: Arc<Semaphore>,
    most: usize,
    waiting: AtomicUsize,
    pace: Option<Pace>,
}

/// The rhythm of new connections.
#[derive(Debug)]
struct Pace {
    step: Duration,
    next: Mutex<Option<Instant>>,
}

impl Limiter {
    /// Raises the limit of open files to what is allowed, and allows as many of `wanted` connections
    /// as that leaves room for.
    pub(super) fn new(wanted: usize, rate: Option<NonZeroU32>) -> Result<Self, SshError> {
        let limit = raised();
        let room = usize::try_from(limit.saturating_sub(RESERVED)).unwrap_or(usize::MAX);
        let most = wanted.min(room).min(Semaphore::MAX_PERMITS);
        if most == 0 {
            return Err(SshError::Descriptors { limit });
        }
        if most < wanted {
            tracing::info!(most, limit, "the limit of open files is one of connections");
        }
        Ok(Self {
            open: Arc::new(Semaphore::new(most)),
            most,
            waiting: AtomicUsize::new(0),
            pace: rate.map(|rate| Pace {
                step: Duration::from_secs(1) / rate.get(),
                next: Mutex::default(),
            }),
        })
    }

    /// Returns the most connections that can be open at once.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Returns whether somebody waits for a connection to end.
    pub(super) fn is_short(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Waits for the right to open a connection; `make_room` is called when there is none left and
    /// gives up what is not in use. Cancel-safe.
    pub(super) async fn admit(&self, make_room: impl FnOnce()) -> OwnedSemaphorePermit {
        let permit = if let Ok(permit) = Arc::clone(&self.open).try_acquire_owned() {
            permit
        } else {
            let _waits = Waits::new(&self.waiting);
            make_room();
            let permit = Arc::clone(&self.open).acquire_owned().await;
            permit.expect("the semaphore is never closed")
        };
        if let Some(pace) = &self.pace {
            sleep_until(pace.turn()).await;
        }
        permit
    }
}

impl Pace {
    fn turn(&self) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + self.step);
        turn
    }
}

/// Counts somebody who waits, for as long as it lives.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Raises the limit of open files to the hard limit; returns what it is then.
fn raised() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return u64::MAX;
    };
    match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(_) => soft,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn new_connections_keep_the_pace() {
        let limiter = Limiter::new(10, NonZeroU32::new(4)).unwrap();
        let start = Instant::now();
        for _ in 0..5 {
            drop(limiter.admit(|| {}).await);
        }
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test]
    async fn who_finds_no_room_asks_for_it_and_waits() {
        let limiter = Limiter::new(1, None).unwrap();
        let mut kept = Some(limiter.admit(|| panic!("there is room")).await);
        assert!(!limiter.is_short());
        let admitted = limiter.admit(|| kept = None).await;
        assert!(kept.is_none());
        assert!(!limiter.is_short());
        drop(admitted);
    }
}
