//! Checks: every published template passes, every rule finds what it is for.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use oos::action::Catalog;
use oos::base::diagnostic::Diagnostic;
use oos::base::source::Source;
use oos::template::check::{self, Checker, check};
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

/// Checks a text with the templates of `tests/data/template/library`.
fn findings(source: &Source) -> Vec<Diagnostic> {
    let templates = Templates::read(&data("library"));
    let catalog = Catalog::default();
    let parsed = parse::parse(source);
    let mut found = parsed.diagnostics;
    found.extend(
        parsed
            .template
            .iter()
            .flat_map(|template| check(template, &catalog, &templates)),
    );
    found
}

fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/template")
        .join(folder)
}

/// What the examples of these codes cannot do without.
const COMPANIONS: [(&str, &str); 6] = [
    ("trigger-not-first", "unsupported-action"),
    ("trigger-expression", "unsupported-action"),
    ("trigger-dates", "unsupported-action"),
    ("unknown-time-zone", "unsupported-action"),
    ("embedding-depth", "invalid-callee"),
    ("choice-shape", "unreachable-task"),
];

#[test]
fn each_rule_finds_its_examples_and_nothing_else() {
    let folder = data("invalid");
    let mut folders: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    for code in &folders {
        let mut text = String::new();
        for source in corpus::sources(&folder.join(code)) {
            let found = findings(&source);
            assert!(
                found.iter().any(|one| one.code == code),
                "{code}/{} has no such finding:\n{}",
                source.name(),
                render(&source, &found)
            );
            for one in &found {
                assert!(
                    one.code == code || COMPANIONS.contains(&(code, one.code)),
                    "{code}/{}:\n{}",
                    source.name(),
                    render(&source, &found)
                );
            }
            writeln!(text, "== {}\n{}", source.name(), render(&source, &found)).unwrap();
        }
        insta::with_settings!({snapshot_suffix => code.as_str(), omit_expression => true}, {
            insta::assert_snapshot!("rule", text);
        });
    }
    let without: Vec<_> = check::codes()
        .filter(|code| {
            !folders.iter().any(|folder| folder == code) && *code != "unreadable-template"
        })
        .collect();
    assert!(without.is_empty(), "no example of {without:?}");
}

#[test]
fn steps_are_checked_however_their_property_is_spelt() {
    #[track_caller]
    fn case(steps: &str, expected: &[&str]) {
        let text = format!(
            "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: each
    Action: ACS::Loop
    Properties:
      LoopItems: [1]
      {steps}:
        - Name: find
          Action: ACS::ExecuteAPI
          Properties: {{Service: ECS, API: DescribeRegions, Unheard: '{{{{ ACS::TaskLoopItem }}}}'}}
          Outputs: {{count: {{Type: Number, ValueSelector: .TotalCount}}}}
        - Name: wait
          Action: ACS::Sleep
          Properties: {{Duration: 'PT{{{{ find.count }}}}S'}}
"
        );
        let found = findings(&Source::new("t.yml", text));
        let codes: Vec<&str> = found.iter().map(|one| one.code).collect();
        assert_eq!(codes, expected, "{steps}: {found:?}");
    }
    case("LoopTasks", &["unknown-property"]);
    case("loopTasks", &["property-case", "unknown-property"]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]

    #[test]
    fn no_edit_of_a_template_makes_the_check_panic(
        file in 0_usize..200,
        at in 0_usize..2000,
        length in 0_usize..60,
        piece in 0_usize..PIECES.len(),
    ) {
        let sources = corpus::sources(&data(""));
        let text = sources[file % sources.len()].text();
        let boundary = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = boundary(at % (text.len() + 1));
        let end = boundary(start + length);
        let edited = format!("{}{}{}", &text[..start], PIECES[piece], &text[end..]);
        let found = findings(&Source::new("edited", edited.as_str()));
        for one in found {
            proptest::prop_assert!(one.span.end <= edited.len(), "{one:?}");
        }
    }
}

/// What an edit may leave behind.
const PIECES: [&str; 10] = [
    "",
    "{{ nap.x }}",
    "null",
    "[",
    "Fn::If: []",
    "ACS::Loop",
    "ACS::Template",
    "ACS::Choice",
    "{a: {{ ACS::TaskLoopItem }}}",
    "\n",
];

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
