//! The documents: their runbooks check clean, their links lead somewhere, both languages agree.

use std::path::{Path, PathBuf};

use fancy_regex::Regex;
use oos::action::Catalog;
use oos::base::source::Source;
use oos::runner::Library;
use oos::template::check::check;
use oos::template::parse;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("README.zh-CN.md")];
    collect(&root().join("docs"), &mut pages);
    pages
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

#[test]
fn every_whole_runbook_in_the_documents_checks_clean() {
    let block = Regex::new(r"(?s)```yaml\n(FormatVersion.*?)```").unwrap();
    let catalog = Catalog::new(oos::provider::local::native_actions());
    let library = Library::new(Vec::new(), None);
    let mut count = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for found in block.captures_iter(&text) {
            let template = found.unwrap().get(1).unwrap().as_str().to_owned();
            let parsed = parse::parse(&Source::new(page.display().to_string(), template));
            let mut findings = parsed.diagnostics;
            findings.extend(check(&parsed.template.unwrap(), &catalog, &library));
            assert!(findings.is_empty(), "{}: {findings:#?}", page.display());
            count += 1;
        }
    }
    assert!(count >= 4, "{count}");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#:]+)(?:#[^)]*)?\)").unwrap();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for found in link.captures_iter(&text) {
            let target = found.unwrap().get(1).unwrap().as_str().to_owned();
            let path = page.parent().unwrap().join(&target);
            assert!(path.exists(), "{}: {target} is not there", page.display());
        }
    }
}

#[test]
fn both_languages_show_the_same_commands_and_runbooks() {
    let fence = Regex::new(r"(?s)```(\w+)\n(.*?)```").unwrap();
    let blocks = |path: &str| -> Vec<String> {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        fence
            .captures_iter(&text)
            .map(|found| {
                let code = found.unwrap().get(2).unwrap().as_str().to_owned();
                // Remarks and notes are in the language of the page.
                let lines = code.lines().map(|line| {
                    let line = line.split(" #").next().unwrap_or_default();
                    line.split(" --note")
                        .next()
                        .unwrap_or_default()
                        .trim_end()
                        .to_owned()
                });
                lines.collect::<Vec<_>>().join("\n")
            })
            .collect()
    };
    assert_eq!(blocks("README.md"), blocks("README.zh-CN.md"));
    assert_eq!(
        blocks("docs/guide/README.md"),
        blocks("docs/guide/README.zh-CN.md")
    );
    assert_eq!(
        blocks("docs/guide/inventory.md"),
        blocks("docs/guide/inventory.zh-CN.md")
    );
    assert_eq!(
        blocks("docs/guide/schedules.md"),
        blocks("docs/guide/schedules.zh-CN.md")
    );
}

#[test]
fn the_inventory_of_the_guide_is_understood() {
    let text = std::fs::read_to_string(root().join("docs/guide/inventory.md")).unwrap();
    let example = text.split("```yaml\ndefaults:").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let loaded = oos::provider::inventory::load_text("hosts.yml", &format!("defaults:{example}"));
    let inventory = loaded.unwrap().inventory;
    let db = inventory.host("db1").unwrap();
    assert_eq!(db.endpoint.password.as_deref(), Some("db-login"));
    assert!(!db.endpoint.agent && db.is_in("site"));
    let web = inventory.host("web07").unwrap();
    assert_eq!(web.endpoint.jumps[0].address, "203.0.113.5");
    assert_eq!(web.endpoint.user.as_deref(), Some("deploy"));
}
