//! How many fires a span of time has, without going through them.

use jiff::civil::DateTime;

use crate::base::time::Timestamp;
use crate::schedule::cron::Cron;
use crate::schedule::zone::Zone;

/// Returns how many moments after `after`, up to `until` and including it, an expression has on the
/// clocks of a zone.
pub(super) fn count(cron: &Cron, zone: &Zone, after: Timestamp, until: Timestamp) -> u64 {
    let (Some(first), Some(last)) = (zone.shown_by(after), zone.shown_by(until)) else {
        return 0;
    };
    // Each time counts once, however often clocks show it.
    let mut count = cron.count_between(first, last);
    for (from, to) in zone.gaps(after, until) {
        let passed_over = cron.count_between(second_before(from), second_before(to));
        if passed_over > 0 {
            // All of them fire together, and with the time after the gap if that is one.
            let together = cron.count_between(second_before(to), to);
            count = count + 1 - passed_over - together;
        }
    }
    count
}

/// Returns the time a second earlier.
pub(super) fn second_before(civil: DateTime) -> DateTime {
    civil.saturating_sub(jiff::SignedDuration::from_secs(1))
}
