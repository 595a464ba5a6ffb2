//! Any inventory and any target words are read without a panic, soon, and what words choose folds into
//! words that choose the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oos::provider::inventory::{Words, fold, load_text};

/// Names of files, one for each form of inventory.
const NAMES: [&str; 5] = ["hosts.yml", "hosts.json", "hosts.ini", "ssh_config", "hosts"];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    // What stands behind a zero is read as words.
    let (text, words) = text.split_once('\0').unwrap_or((text, "all"));
    let name = NAMES[usize::from(*first) % NAMES.len()];
    let Ok(loaded) = load_text(name, text) else {
        return;
    };
    let Ok(chosen) = Words::parse(words).and_then(|words| words.select(&loaded.inventory)) else {
        return;
    };
    if chosen.is_empty() {
        return;
    }
    let folded = fold(chosen.iter().map(|host| host.name.as_str()));
    let again = Words::parse(&folded).expect("folded names are words");
    let again = again
        .select(&loaded.inventory)
        .expect("folded names are there");
    assert_eq!(again.len(), chosen.len(), "{folded}");
});
