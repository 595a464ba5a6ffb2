//! Public templates of the service, read whole: every one parses, in both of its spellings.

use std::collections::HashMap;

use oos::base::source::Source;
use oos::template::model::Template;
use oos::template::parse::parse;

use crate::support::corpus::{folder, sources};

/// Parses a text that has no error.
fn template(source: &Source) -> Template {
    let parsed = parse(source);
    let errors: Vec<String> = parsed
        .diagnostics
        .iter()
        .filter(|problem| problem.is_error())
        .map(|problem| format!("{} {}", problem.place(source), problem.message))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    parsed.template.unwrap()
}

/// Writes a template without its places.
fn without_places(template: &Template) -> String {
    let places = fancy_regex::Regex::new(r"Span \{ start: \d+, end: \d+ \}").unwrap();
    let whole = format!(
        "{:?}",
        (
            template.format,
            &template.description,
            &template.parameters,
            &template.ram_role,
            &template.conditions,
            &template.tasks,
            &template.outputs,
        )
    );
    places.replace_all(&whole, "").into_owned()
}

#[test]
fn every_file_parses_and_its_twin_means_the_same() {
    let Some(folder) = folder() else { return };
    let sources = sources(&folder);
    let templates: HashMap<&str, Template> = sources
        .iter()
        .map(|source| (source.name(), template(source)))
        .collect();
    let mut pairs = 0;
    for (name, yaml) in &templates {
        let Some(stem) = name.strip_suffix(".yml") else {
            continue;
        };
        let twin = format!(
            "{}.json",
            stem.replace("/YAML/", "/JSON/").replace("YAML/", "JSON/")
        );
        let json = &templates[twin.as_str()];
        assert_eq!(yaml.root.to_value(), json.root.to_value(), "{name}");
        assert_eq!(without_places(yaml), without_places(json), "{name}");
        pairs += 1;
    }
    assert_eq!(pairs * 2, templates.len());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test measures time")]
fn the_corpus_parses_fast() {
    let Some(folder) = folder() else { return };
    let sources = sources(&folder);
    let start = std::time::Instant::now();
    for source in &sources {
        assert!(parse(source).template.is_some(), "{}", source.name());
    }
    let took = start.elapsed();
    println!("{} files parsed in {took:?}", sources.len());
    // Many times what an unoptimized build on a busy machine needs.
    assert!(took.as_secs() < 60, "{took:?}");
}
