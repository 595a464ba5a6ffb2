//! Any jq program compiles and runs on any JSON without a panic, within its budget, and without a
//! look at files, environment or network. The first line is the program, the rest its input.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use oos::base::value::Value;
use oos::template::expr::Selector;
use serde_json::json;

/// Larger than any result that the limits of a selector allow.
const LARGEST: usize = 64 << 20;

/// Part of the environment, which no selector has any business to find unless it was told.
static CANARY: LazyLock<String> =
    LazyLock::new(|| std::env::var("PATH").expect("a search path is set"));

fn run(selector: &Selector, input: &Value) {
    if let Ok(results) = selector.all(input) {
        let size: usize = results.iter().map(|value| value.to_string().len()).sum();
        assert!(size <= LARGEST, "{size} bytes");
        assert!(
            !results
                .iter()
                .any(|value| value.to_string().contains(CANARY.as_str()))
        );
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    // The fuzzer reads what is compared and tries it.
    if text.contains(CANARY.as_str()) {
        return;
    }
    let (program, rest) = text.split_once('\n').unwrap_or((text, ""));
    let input = serde_json::from_str(rest).unwrap_or_else(|_| {
        json!({
            "Instances": {"Instance": [
                {"Id": "i-1", "Status": "Running", "Cpu": 2, "Tags": {"a": "b"}},
                {"Id": "i-2", "Status": "Stopped", "Cpu": 4.5, "Tags": null},
            ]},
            "Text": "2030-01-02T03:04:05Z a,b;c é ü \u{1f600}",
            "Numbers": [0, -1, 1e300, 9007199254740993_u64],
        })
    });
    for selector in [
        Selector::compile(program),
        Selector::compile_program(program),
    ] {
        if let Ok(selector) = selector {
            run(&selector, &input);
        }
    }
});
