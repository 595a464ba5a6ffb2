//! Any value with placeholders and functions is parsed and evaluated without a panic, soon, with a
//! result of bounded size, and without a look at files, environment or network.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use oos::base::source::Source;
use oos::base::value::Value;
use oos::template::expr::{Expression, MapScope, Pseudo, condition};
use oos::template::yaml::read;
use serde_json::json;

/// Larger than any result that the limits of evaluation allow.
const LARGEST: usize = 64 << 20;

/// Part of the environment, which no expression has any business to find unless it was told.
static CANARY: LazyLock<String> =
    LazyLock::new(|| std::env::var("PATH").expect("a search path is set"));

fn scope() -> MapScope {
    let scope = MapScope::new()
        .with_parameter("name", "web-1")
        .with_parameter("count", 3)
        .with_parameter("list", json!(["a", "b", 3, null, {"k": "v"}]))
        .with_parameter("map", json!({"a": 1, "b": [true, {"c": "d"}], "é": "ü"}))
        .with_parameter("template", "{{ name }} {{ 7 * 7 }}")
        .with_output(
            "task",
            "out",
            json!({"Instances": [{"Id": "i-1"}, {"Id": "i-2"}]}),
        )
        .with_output("task", "none", Value::Null)
        .with_stored("a/b", "stored");
    Pseudo::ALL.iter().fold(scope, |scope, pseudo| {
        scope.with_pseudo(*pseudo, "2030-01-02T03:04:05Z")
    })
}

fn evaluate(text: String) {
    let Some(node) = read(&Source::new("fuzz", text), &mut Vec::new()) else {
        return;
    };
    let expression = Expression::parse(&node, &mut Vec::new());
    let scope = scope();
    let first = expression.evaluate(&scope);
    if let Ok(value) = &first {
        let text = value.to_string();
        assert!(text.len() <= LARGEST, "{} bytes", text.len());
        assert!(!text.contains(CANARY.as_str()));
    }
    // A condition that is no truth value is refused, which is as good as an answer.
    let _truth = condition(&expression, &scope);
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    // The fuzzer reads what is compared and tries it.
    if text.contains(CANARY.as_str()) {
        return;
    }
    evaluate(text.to_owned());
    // As the body of a placeholder, without the need to find the braces by chance.
    evaluate(Value::String(format!("{{{{ {text} }}}}")).to_string());
});
