//! Public templates of the service, read whole: every one parses, in both of its spellings.

use std::collections::HashMap;

use oos::base::source::Source;
use oos::base::value::Map;
use oos::template::bind::{Strictness, bind};
use oos::template::expr::{MapScope, Pseudo};
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
fn every_default_fits_its_own_parameter() {
    let Some(folder) = folder() else { return };
    let scope = MapScope::new()
        .with_pseudo(Pseudo::RegionId, "cn-hangzhou")
        .with_pseudo(Pseudo::AccountId, "1234567890123456")
        .with_pseudo(Pseudo::ExecutionId, "exec-1")
        .with_pseudo(Pseudo::CurrentDate, "2030-01-02")
        .with_pseudo(Pseudo::CurrentUtcTime, "2030-01-02T03:04:05Z")
        .with_pseudo(Pseudo::OosUtilVersion, "1.0.0");
    for source in sources(&folder) {
        let template = template(&source);
        let required: Vec<&str> = template
            .parameters
            .iter()
            .filter(|parameter| parameter.default.is_none())
            .map(|parameter| parameter.name.value.as_str())
            .collect();
        let missing: Vec<String> = match bind(&template, &Map::new(), Strictness::TopLevel, &scope)
        {
            Ok(values) => {
                assert_eq!(values.len(), template.parameters.len());
                Vec::new()
            }
            Err(problems) => problems
                .into_iter()
                .map(|problem| problem.message)
                .collect(),
        };
        let expected: Vec<String> = required
            .iter()
            .map(|name| format!("parameter `{name}` is required"))
            .collect();
        assert_eq!(missing, expected, "{}", source.name());
    }
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
