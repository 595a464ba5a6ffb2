//! Numbers, times and durations in words.

use std::time::Duration;

use crate::base::time::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Returns `1 file`, `2 files`.
pub(in crate::cli) fn counted(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// Returns a number of bytes to one unit: `12 B`, `3.4 MiB`.
pub(in crate::cli) fn bytes(number: u64) -> String {
    const UNITS: [(&str, u64); 4] = [
        ("TiB", 1 << 40),
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
    ];
    let found = UNITS.iter().find(|(_, unit)| number >= *unit);
    found.map_or_else(
        || format!("{number} B"),
        |(name, unit)| format!("{}.{} {name}", number / unit, number % unit * 10 / unit),
    )
}

/// Returns a duration to two units: `850ms`, `3.2s`, `4m 05s`, `2h 10m`, `3d 04h`.
pub(in crate::cli) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{}ms", duration.as_millis()),
        1..10 => format!("{seconds}.{}s", duration.subsec_millis() / 100),
        10..MINUTE => format!("{seconds}s"),
        MINUTE..HOUR => format!("{}m {:02}s", seconds / MINUTE, seconds % MINUTE),
        HOUR..DAY => format!("{}h {:02}m", seconds / HOUR, seconds % HOUR / MINUTE),
        DAY.. => format!("{}d {:02}h", seconds / DAY, seconds % DAY / HOUR),
    }
}

/// Returns the time from one instant to another; a clock that was set back gives zero.
pub(in crate::cli) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// Returns how long ago `at` was: `just now`, `5 min ago`, `3 days ago`.
pub(in crate::cli) fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = between(at, now).as_secs();
    let days = |days: u64| {
        let days = usize::try_from(days).unwrap_or(usize::MAX);
        format!("{} ago", counted(days, "day"))
    };
    match seconds {
        0..10 => "just now".to_owned(),
        10..MINUTE => format!("{seconds} s ago"),
        MINUTE..HOUR => format!("{} min ago", seconds / MINUTE),
        HOUR..DAY => format!("{} h ago", seconds / HOUR),
        DAY.. => days(seconds / DAY),
    }
}

/// Returns the instant in the zone of this machine: `2030-01-02 03:04:05`.
pub(in crate::cli) fn local(at: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::system();
    at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Returns text whose later lines begin under its first.
pub(super) fn indented(text: &str, columns: usize) -> String {
    text.trim_end().replace('\n', &format!("\n{:columns$}", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_the_largest_unit_that_fits() {
        #[track_caller]
        fn case(number: u64, expected: &str) {
            assert_eq!(bytes(number), expected);
        }
        case(0, "0 B");
        case(1023, "1023 B");
        case(1536, "1.5 KiB");
        case(64 << 20, "64.0 MiB");
        case(u64::MAX, "16777215.9 TiB");
    }

    #[test]
    fn durations_have_two_units() {
        #[track_caller]
        fn case(millis: u64, expected: &str) {
            assert_eq!(duration(Duration::from_millis(millis)), expected);
        }
        case(7, "7ms");
        case(3_250, "3.2s");
        case(59_999, "59s");
        case(245_000, "4m 05s");
        case(7_800_000, "2h 10m");
        case(273_600_000, "3d 04h");
    }

    #[test]
    fn the_past_is_told_in_one_unit() {
        #[track_caller]
        fn case(from: &str, expected: &str) {
            let now = "2026-11-21T10:00:00Z".parse().unwrap();
            assert_eq!(ago(from.parse().unwrap(), now), expected);
        }
        case("2026-11-21T09:59:55Z", "just now");
        case("2026-11-21T09:59:30Z", "30 s ago");
        case("2026-11-21T09:55:00Z", "5 min ago");
        case("2026-11-20T11:00:00Z", "23 h ago");
        case("2026-11-20T09:00:00Z", "1 day ago");
        case("2026-11-22T09:00:00Z", "just now");
    }
}
