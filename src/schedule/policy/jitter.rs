//! A delay that looks like chance and is none.

use std::time::Duration;

use crate::base::digest::Digest;
use crate::base::time::Timestamp;

/// Longest delay.
pub const LONGEST_JITTER: Duration = Duration::from_hours(1);

/// Returns how long after its nominal time a fire is started: at least nothing, less than `limit`, and
/// the same wherever and whenever somebody asks.
pub fn jitter(schedule: &str, nominal: Timestamp, limit: Duration) -> Duration {
    let Ok(limit @ 1..) = u64::try_from(limit.as_millis()) else {
        return Duration::ZERO;
    };
    let digest = Digest::of(format!("{schedule}\0{}", nominal.as_nanosecond()).as_bytes());
    let chance = u64::from_str_radix(&digest.hex()[..16], 16);
    Duration::from_millis(chance.expect("a digest has hexadecimal digits") % limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_spread_below_the_limit_and_always_the_same() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let limit = Duration::from_mins(10);
        let mut sum = Duration::ZERO;
        for second in 0..1_000 {
            let delay = jitter("nightly", at(second), limit);
            assert!(delay < limit);
            assert_eq!(delay, jitter("nightly", at(second), limit));
            sum += delay;
        }
        let mean = sum / 1_000;
        assert!(
            mean > Duration::from_mins(4) && mean < Duration::from_mins(6),
            "{mean:?}"
        );
        assert_ne!(
            jitter("nightly", at(0), limit),
            jitter("weekly", at(0), limit)
        );
        assert_eq!(jitter("nightly", at(0), Duration::ZERO), Duration::ZERO);
    }
}
