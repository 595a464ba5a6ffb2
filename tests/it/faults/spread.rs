//! How long things took, as published: median, 99th percentile, longest.

use std::fmt;
use std::time::Duration;

#[derive(Clone, Default)]
pub(super) struct Spread {
    times: Vec<Duration>,
}

impl Spread {
    pub(super) fn add(&mut self, time: Duration) {
        self.times.push(time);
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.times.extend(other.times);
    }

    pub(super) fn longest(&self) -> Duration {
        self.times.iter().max().copied().unwrap_or_default()
    }

    fn at(&self, percent: usize) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let place = (times.len() * percent).div_ceil(100).max(1) - 1;
        times.get(place).copied().unwrap_or_default()
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |time: Duration| time.as_millis();
        write!(
            f,
            "p50 {} ms, p99 {} ms, longest {} ms of {}",
            milliseconds(self.at(50)),
            milliseconds(self.at(99)),
            milliseconds(self.longest()),
            self.times.len(),
        )
    }
}
