//! Public templates of the service, read whole: every one parses, in both of its spellings.

use std::path::{Path, PathBuf};

use oos::template::model::Template;
use oos::template::parse::parse;
use oos::template::yaml::read_source;

/// Returns the files of the corpus with this suffix; none if no corpus is given.
fn files(suffix: &str) -> Vec<PathBuf> {
    let Some(root) = std::env::var_os("OOS_CORPUS") else {
        println!("skipped: OOS_CORPUS is not set");
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(root)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|have| have == suffix) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "the corpus has no .{suffix} files");
    found
}

/// Parses a file that has no error.
fn template(path: &Path) -> Template {
    let bytes = std::fs::read(path).unwrap();
    let source = read_source(&path.display().to_string(), &bytes).unwrap();
    let parsed = parse(&source);
    let errors: Vec<String> = parsed
        .diagnostics
        .iter()
        .filter(|problem| problem.is_error())
        .map(|problem| format!("{} {}", problem.place(&source), problem.message))
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
    for yaml in files("yml") {
        let json = PathBuf::from(yaml.to_str().unwrap().replace("/YAML/", "/JSON/"))
            .with_extension("json");
        let (first, second) = (template(&yaml), template(&json));
        assert_eq!(
            first.root.to_value(),
            second.root.to_value(),
            "{}",
            yaml.display()
        );
        assert_eq!(
            without_places(&first),
            without_places(&second),
            "{}",
            yaml.display()
        );
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test measures time")]
fn the_corpus_parses_fast() {
    let sources: Vec<_> = ["yml", "json"]
        .into_iter()
        .flat_map(files)
        .map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            read_source(&path.display().to_string(), &bytes).unwrap()
        })
        .collect();
    let start = std::time::Instant::now();
    for source in &sources {
        assert!(parse(source).template.is_some(), "{}", source.name());
    }
    let took = start.elapsed();
    println!("{} files parsed in {took:?}", sources.len());
    // Many times what an unoptimised build on a busy machine needs.
    assert!(took.as_secs() < 60, "{took:?}");
}
