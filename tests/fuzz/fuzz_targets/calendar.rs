//! Any calendar is read without a panic, soon, and says soon what it covers. A text that begins with `[` is
//! a list, others are iCalendar.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oos::base::time::Timestamp;
use oos::schedule::{Calendar, Zone};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let zone = Zone::parse("Europe/Berlin").expect("a zone");
    let calendar = if text.starts_with('[') {
        let Ok(list) = serde_json::from_str(text) else {
            return;
        };
        Calendar::from_value(&list, &zone)
    } else {
        Calendar::from_ical(text, &zone)
    };
    let Ok(calendar) = calendar else {
        return;
    };
    for second in [0, 1_700_000_000, 1_774_746_000, 1_900_000_000, 4_000_000_000] {
        let at = Timestamp::from_second(second).expect("a time");
        if let Some(blackout) = calendar.covers(at) {
            assert!(blackout.until > at, "{} at {at}", blackout.until);
        }
    }
});
