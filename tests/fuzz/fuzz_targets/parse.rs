//! Any bytes are read and parsed without a panic; what parses prints and parses again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oos::base::source::Source;
use oos::template::parse::parse;
use oos::template::yaml::limit::SIZE_LIMIT;
use oos::template::yaml::{read, read_source};

fuzz_target!(|bytes: &[u8]| {
    let Ok(source) = read_source("fuzz", bytes) else {
        return;
    };
    let parsed = parse(&source);
    for problem in &parsed.diagnostics {
        assert!(problem.span.end <= source.text().len());
    }
    let Some(template) = parsed.template else {
        assert!(parsed.diagnostics.iter().any(|problem| problem.is_error()));
        return;
    };
    let value = template.root.to_value();
    let printed = value.to_string();
    // Escapes and aliases can make the print longer than what is read.
    if printed.len() > SIZE_LIMIT {
        return;
    }
    let again = read(&Source::new("again", printed), &mut Vec::new());
    assert_eq!(again.map(|node| node.to_value()), Some(value));
});
