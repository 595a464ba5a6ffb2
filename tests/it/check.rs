//! Checks: every published template passes, every rule finds what it is for.

use std::fmt::Write as _;

use oos::action::Catalog;
use oos::base::diagnostic::Diagnostic;
use oos::base::source::Source;
use oos::template::check::Checker;
use oos::template::parse;

use crate::support::corpus;
use crate::support::folder::Templates;

/// Renders findings as a person reads them, one block each.
pub(crate) fn render(source: &Source, diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let place = source.position(diagnostic.span.start);
        let marked = source
            .text()
            .get(diagnostic.span.start..diagnostic.span.end);
        let marked = marked
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default();
        let (severity, code) = (diagnostic.severity, diagnostic.code);
        writeln!(text, "{severity}[{code}] {place} `{marked}`").unwrap();
        writeln!(text, "  {}", diagnostic.message).unwrap();
        for (span, words) in &diagnostic.related {
            writeln!(text, "  {}: {words}", source.position(span.start)).unwrap();
        }
        if let Some(hint) = &diagnostic.hint {
            writeln!(text, "  hint: {hint}").unwrap();
        }
    }
    text
}

#[test]
fn published_templates_have_no_errors() {
    let Some(folder) = corpus::folder() else {
        return;
    };
    let templates = Templates::read(&folder);
    let catalog = Catalog::default();
    let checker = Checker::new(&catalog, &templates);
    let mut errors = String::new();
    let mut warnings = std::collections::BTreeMap::new();
    let sources = corpus::sources(&folder);
    for source in &sources {
        let parsed = parse::parse(source);
        let mut found = parsed.diagnostics;
        found.extend(
            parsed
                .template
                .iter()
                .flat_map(|template| checker.check(template)),
        );
        for warning in found.iter().filter(|one| !one.is_error()) {
            *warnings.entry(warning.code).or_insert(0) += 1;
        }
        found.retain(Diagnostic::is_error);
        if !found.is_empty() {
            writeln!(errors, "{}\n{}", source.name(), render(source, &found)).unwrap();
        }
    }
    println!("{} templates, warnings: {warnings:#?}", sources.len());
    assert!(errors.is_empty(), "{errors}");
    assert!(sources.len() > 600, "{} templates", sources.len());
}
