//! Any bytes are read, parsed and checked without a panic; what parses prints and parses again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oos::action::Catalog;
use oos::base::source::Source;
use oos::template::check::check;
use oos::template::parse::parse;
use oos::template::source::{Found, LookupError, TemplateSource};
use oos::template::yaml::limit::SIZE_LIMIT;
use oos::template::yaml::{read, read_source};

/// Finds the template itself under every name, so that embedding meets circles.
struct Itself(Source);

impl TemplateSource for Itself {
    fn find(&self, name: &str, _version: Option<&str>) -> Result<Option<Found>, LookupError> {
        Ok(Some(Found {
            name: name.to_owned(),
            version: None,
            source: self.0.clone(),
        }))
    }

    fn names(&self) -> Result<Vec<String>, LookupError> {
        Ok(vec!["fuzz".to_owned()])
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(source) = read_source("fuzz", bytes) else {
        return;
    };
    let parsed = parse(&source);
    for problem in &parsed.diagnostics {
        assert!(problem.span.end <= source.text().len());
        assert!(!problem.place(&source).is_empty());
    }
    let Some(template) = parsed.template else {
        assert!(parsed.diagnostics.iter().any(|problem| problem.is_error()));
        return;
    };
    for problem in check(
        &template,
        &Catalog::new(Vec::new()),
        &Itself(source.clone()),
    ) {
        assert!(problem.span.end <= source.text().len());
    }
    let value = template.root.to_value();
    let printed = value.to_string();
    // Escapes and aliases can make the print longer than what is read.
    if printed.len() > SIZE_LIMIT {
        return;
    }
    let again = read(&Source::new("again", printed), &mut Vec::new());
    assert_eq!(again.map(|node| node.to_value()), Some(value));
});
