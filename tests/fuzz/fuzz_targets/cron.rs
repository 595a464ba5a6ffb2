//! Any settings of a schedule are read without a panic, soon, and what fires comes in order and is
//! counted as it comes. The first line is the expression, the second the zone, the third `Type`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oos::base::time::Timestamp;
use oos::schedule::{Schedule, TimerSettings};

/// Before a change of clocks in most zones that have them.
const BEGIN: i64 = 1_774_600_000;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut lines = text.split('\n');
    let begin = Timestamp::from_second(BEGIN).expect("a time");
    let settings = TimerSettings {
        expression: lines.next().unwrap_or_default(),
        time_zone: lines.next(),
        kind: lines.next().unwrap_or("cron"),
        start_date: lines.next(),
        end_date: lines.next(),
        started: begin,
    };
    let schedule = match Schedule::parse(&settings) {
        Ok(schedule) => schedule,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.remedy().is_empty());
            return;
        }
    };
    let mut last = begin;
    let mut count = 0;
    for fire in schedule.fires_between(begin, Timestamp::MAX).take(200) {
        assert!(fire.nominal > last, "{} after {last}", fire.nominal);
        last = fire.nominal;
        count += 1;
    }
    assert_eq!(schedule.count_between(begin, last), count);
});
