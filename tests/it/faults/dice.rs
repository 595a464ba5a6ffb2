//! Chance that can be had again, and how long to go on with it.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

/// Returns the same numbers for the same seed (splitmix64); says the seed if the test fails.
pub(super) struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    /// Returns a number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }

    /// Returns a moment within `span`.
    pub(super) fn within(&mut self, span: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(span.as_micros()).unwrap()))
    }
}

impl Drop for Dice {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("OOS_FAULT_SEED={} repeats this", self.seed);
        }
    }
}

/// Returns the seeds to try: some that are always the same and one that never is, or the one that
/// `OOS_FAULT_SEED` names.
pub(super) fn seeds(fixed: u64) -> Vec<u64> {
    match number("OOS_FAULT_SEED") {
        Some(seed) => vec![seed],
        None => (1..=fixed).chain([fresh()]).collect(),
    }
}

/// Returns a seed that no run before had.
pub(super) fn fresh() -> u64 {
    RandomState::new().hash_one(0)
}

/// How long a long form of a test goes on; `None` in the short form.
pub(super) fn patience() -> Option<Duration> {
    number("OOS_FAULT_MINUTES").map(|minutes| Duration::from_secs(60 * minutes))
}

#[expect(clippy::disallowed_methods, reason = "options of tests")]
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("`{variable}` must be a number, not `{text}`")))
}

#[expect(clippy::disallowed_methods, reason = "the tests measure time")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Lets a moment of chance pass.
#[expect(
    clippy::disallowed_methods,
    reason = "what is waited for is chance: some moment or other"
)]
pub(super) fn pass(moment: Duration) {
    std::thread::sleep(moment);
}
