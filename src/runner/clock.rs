//! Time and chance: the one place where either comes from outside.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::base::time::Timestamp;

/// Tells the time and waits.
#[async_trait]
pub trait Clock: Send + Sync + fmt::Debug {
    /// Returns the present instant.
    fn now(&self) -> Timestamp;

    /// Returns 64 bits of chance.
    fn chance(&self) -> u64;

    /// Returns when `at` has come; at once if it has passed. Cancel-safe.
    async fn sleep_until(&self, at: Timestamp) {
        loop {
            let left = at.duration_since(self.now());
            let Ok(left) = Duration::try_from(left) else {
                return;
            };
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LONGEST_WAIT)).await;
        }
    }
}

/// The longest single wait. The wall clock is asked again after it, so that a suspended machine or
/// a clock that was set is noticed within this time.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The machine's clock and random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn chance(&self) -> u64 {
        getrandom::u64().expect("the kernel has random numbers once it has booted")
    }
}
