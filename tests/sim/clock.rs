//! A clock that moves only when nobody works: the paused time of the runtime, carried on from
//! process to process, and set wrong now and then.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use oos::base::time::Timestamp;
use oos::runner::Clock;
use tokio::time::Instant;

use crate::chance::Chance;

/// The clock of a world.
#[derive(Debug)]
pub(crate) struct ManualClock(Mutex<Hands>);

#[derive(Debug)]
struct Hands {
    /// What the clock showed when the process began.
    base: Timestamp,
    /// When the process began; none between processes.
    begun: Option<Instant>,
    /// How long the world has existed, whatever the clock was set to.
    age: Duration,
    chance: Chance,
}

impl ManualClock {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Hands {
            base: "2030-01-02T03:04:05Z".parse().unwrap(),
            begun: None,
            age: Duration::ZERO,
            chance: Chance::named(seed, "clock"),
        }))
    }

    /// Begins a process; to be called inside its runtime.
    pub(crate) fn begin(&self) {
        self.hands().begun = Some(Instant::now());
    }

    /// Ends the process that began; the next one begins `pause` later.
    pub(crate) fn end(&self, pause: Duration) {
        let mut hands = self.hands();
        let passed = hands.passed() + pause;
        hands.begun = None;
        hands.age += passed;
        hands.base = hands.base.checked_add(passed).unwrap();
    }

    /// Sets the clock forward or back.
    pub(crate) fn jump(&self, seconds: i64) {
        let mut hands = self.hands();
        let span = jiff::SignedDuration::from_secs(seconds);
        hands.base = hands.base.checked_add(span).unwrap();
    }

    /// Returns how long the world has existed.
    pub(crate) fn age(&self) -> Duration {
        let hands = self.hands();
        hands.age + hands.passed()
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap()
    }
}

impl Hands {
    fn passed(&self) -> Duration {
        self.begun.map(|begun| begun.elapsed()).unwrap_or_default()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let hands = self.hands();
        hands.base.checked_add(hands.passed()).unwrap()
    }

    fn chance(&self) -> u64 {
        self.hands().chance.draw()
    }
}
