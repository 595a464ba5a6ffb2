//! Any parameter file is read and bound without a panic, and what is bound fits.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use oos::base::source::Source;
use oos::template::bind::{Strictness, bind, read_arguments};
use oos::template::expr::MapScope;
use oos::template::model::Template;
use oos::template::parse::parse;

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let text = "FormatVersion: OOS-2019-06-01\n\
        Parameters:\n\
        \x20 s: {Type: String, Default: x, MinLength: 1, MaxLength: 9, AllowedPattern: '^[a-z0-9]+$'}\n\
        \x20 n: {Type: Number, Default: 1, MinValue: -5, MaxValue: 5}\n\
        \x20 b: {Type: Boolean, Default: false}\n\
        \x20 l: {Type: List, Default: []}\n\
        \x20 j: {Type: Json, Default: {}}\n\
        \x20 e: {Type: String, Default: one, AllowedValues: [one, 2, true]}\n\
        \x20 secret: {Type: String, Default: hidden, NoEcho: true}\n\
        Tasks: [{Name: t, Action: ACS::Pause}]\n";
    parse(&Source::new("t.yml", text))
        .template
        .expect("the template is valid")
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(arguments) = read_arguments(text) else {
        return;
    };
    for strictness in [Strictness::TopLevel, Strictness::Nested] {
        match bind(&TEMPLATE, &arguments, strictness, &MapScope::new()) {
            Ok(bound) => {
                assert_eq!(bound.len(), TEMPLATE.parameters.len());
                assert!(bound["s"].as_str().is_some_and(|text| text.len() <= 9));
            }
            Err(problems) => assert!(!problems.is_empty()),
        }
    }
});
