//! The pages about diagnostics: every code has one, every page has a code, every example shows it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fancy_regex::Regex;
use oos::action::Catalog;
use oos::base::source::Source;
use oos::template::check::{self, check};
use oos::template::parse;

use crate::support::folder::Templates;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path, extension));
        } else if path.extension().is_some_and(|have| have == extension) {
            files.push(path);
        }
    }
    files
}

/// The codes in the source: those of the rules, and those that parsers write in place.
fn codes() -> BTreeSet<String> {
    let in_place = Regex::new(r#"Diagnostic::(?:error|warning)\(\s*"([a-z0-9-]+)""#).unwrap();
    let mut codes: BTreeSet<String> = check::codes().map(str::to_owned).collect();
    for path in files(&root().join("src/template"), "rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        // What stands below belongs to the tests of the file.
        let text = text.split("\n#[cfg(test)]\nmod tests").next().unwrap();
        for found in in_place.captures_iter(text) {
            codes.insert(found.unwrap().get(1).unwrap().as_str().to_owned());
        }
    }
    codes
}

fn pages() -> Vec<(String, String)> {
    files(&root().join("docs/errors"), "md")
        .into_iter()
        .map(|path| {
            let code = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (code, std::fs::read_to_string(path).unwrap())
        })
        .filter(|(code, _)| code != "README")
        .collect()
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let codes = codes();
    let pages: BTreeSet<String> = pages().into_iter().map(|(code, _)| code).collect();
    let without_page: Vec<_> = codes.difference(&pages).collect();
    let without_code: Vec<_> = pages.difference(&codes).collect();
    assert!(
        without_page.is_empty(),
        "codes without a page: {without_page:?}"
    );
    assert!(
        without_code.is_empty(),
        "pages without a code: {without_code:?}"
    );
}

#[test]
fn every_example_shows_what_its_page_is_about() {
    let example = Regex::new(r"(?s)```(?:yaml|json) wrong\n(.*?)```").unwrap();
    let templates = Templates::read(&root().join("tests/data/template/library"));
    let catalog = Catalog::default();
    let mut count = 0;
    let mut without = Vec::new();
    for (code, page) in pages() {
        assert!(page.starts_with(&format!("# `{code}`\n")), "{code}");
        assert!(
            page.contains("## What happened") && page.contains("## What to do"),
            "{code}"
        );
        for found in example.captures_iter(&page) {
            let source = Source::new(code.as_str(), found.unwrap().get(1).unwrap().as_str());
            let parsed = parse::parse(&source);
            let mut found = parsed.diagnostics;
            let template = parsed.template.as_ref();
            found.extend(
                template
                    .iter()
                    .flat_map(|template| check(template, &catalog, &templates)),
            );
            if !found.iter().any(|one| one.code == code) {
                without.push(format!("{code}: {found:?}"));
            }
            count += 1;
        }
    }
    assert!(
        without.is_empty(),
        "examples of something else: {without:#?}"
    );
    assert!(count > 50, "{count} examples");
}
