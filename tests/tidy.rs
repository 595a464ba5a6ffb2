//! Keeps the house in order: floors, file headers, sizes, words that do not belong.

#![allow(
    clippy::unwrap_used,
    reason = "what a test cannot go on without may end it, in its helpers as well"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Most production lines of a file; unit tests do not count.
const WALL: usize = 600;

/// The floor of every top-level module, and what it may import from its own floor.
const FLOORS: &[(&str, u8, &[&str])] = &[
    ("base", 0, &[]),
    ("action", 1, &["template"]),
    ("schedule", 1, &[]),
    ("template", 1, &["action", "schedule"]),
    ("engine", 2, &[]),
    ("store", 3, &[]),
    ("provider", 3, &[]),
    ("runner", 4, &[]),
    ("config", 5, &[]),
    ("cli", 5, &["config"]),
];

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        &mut files,
    );
    files.sort();
    assert!(!files.is_empty(), "no sources below {folder}");
    files
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // What the fuzz targets are built into is nobody's to tidy.
            if !path.ends_with("fuzz/target") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            files.push((path.strip_prefix(root).unwrap().to_owned(), text));
        }
    }
}

/// Returns the lines before the unit tests.
fn production(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text)
}

fn report(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn imports_go_down_only() {
    let floors: BTreeMap<&str, (u8, &[&str])> = FLOORS
        .iter()
        .map(|(name, floor, beside)| (*name, (*floor, *beside)))
        .collect();
    let mut problems = Vec::new();
    for (path, text) in sources("src") {
        let Some(module) = top_module(&path) else {
            continue;
        };
        let Some((floor, beside)) = floors.get(module.as_str()) else {
            problems.push(format!(
                "{}: module `{module}` has no floor",
                path.display()
            ));
            continue;
        };
        for (number, line) in production(&text).lines().enumerate() {
            for used in crate_paths(line) {
                let Some((used_floor, _)) = floors.get(used) else {
                    continue;
                };
                let allowed = used == module || used_floor < floor || beside.contains(&used);
                if !allowed {
                    let place = format!("{}:{}", path.display(), number + 1);
                    problems.push(format!("{place}: `{module}` must not import `{used}`"));
                }
            }
        }
    }
    report(&problems);
}

/// Returns the module of a file: `src/engine/flow.rs` belongs to `engine`.
fn top_module(path: &Path) -> Option<String> {
    let mut parts = path
        .components()
        .skip(1)
        .map(|part| part.as_os_str().to_string_lossy());
    let first = parts.next()?;
    match first.as_ref() {
        "main.rs" | "lib.rs" => None,
        file => Some(file.trim_end_matches(".rs").to_owned()),
    }
}

fn crate_paths(line: &str) -> Vec<&str> {
    let line = line.split("//").next().unwrap_or_default();
    line.match_indices("crate::")
        .map(|(at, _)| {
            let rest = &line[at + "crate::".len()..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
}

#[test]
fn pure_floors_stay_pure() {
    let banned = [
        "async fn",
        "tokio::",
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "std::env",
        "rusqlite",
        "getrandom",
    ];
    let mut problems = Vec::new();
    for (path, text) in sources("src") {
        let pure = ["base", "action", "schedule", "template", "engine"];
        if !top_module(&path).is_some_and(|module| pure.contains(&module.as_str())) {
            continue;
        }
        for (number, line) in production(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in banned.iter().filter(|word| code.contains(*word)) {
                problems.push(format!(
                    "{}:{}: `{word}` on a pure floor",
                    path.display(),
                    number + 1
                ));
            }
        }
    }
    report(&problems);
}

#[test]
fn names_of_back_ends_stay_where_they_belong() {
    let homes = [
        ("rusqlite", "src/store"),
        ("russh", "src/provider"),
        ("axum", "src/server"),
        ("chrono", "src/schedule"),
        ("rrule", "src/schedule"),
    ];
    let mut problems = Vec::new();
    for (path, text) in sources("src") {
        for (name, home) in homes {
            let used = production(&text).lines().any(|line| {
                line.split("//")
                    .next()
                    .unwrap_or_default()
                    .contains(&format!("{name}::"))
            });
            if used && !path.starts_with(home) {
                problems.push(format!("{}: `{name}` belongs below {home}", path.display()));
            }
        }
    }
    report(&problems);
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut problems = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        if !text.starts_with("//!") {
            problems.push(format!("{}: begins without `//!`", path.display()));
        }
    }
    report(&problems);
}

#[test]
fn no_file_outgrows_the_wall() {
    let mut problems = Vec::new();
    for (path, text) in sources("src") {
        let lines = production(&text).lines().count();
        if lines > WALL {
            problems.push(format!(
                "{}: {lines} production lines, the wall is {WALL}",
                path.display()
            ));
        }
    }
    report(&problems);
}

#[test]
fn mod_files_hold_no_drawers() {
    let drawers = [
        "util", "utils", "helper", "helpers", "common", "misc", "manager",
    ];
    let mut problems = Vec::new();
    for (path, _) in sources("src") {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if drawers.contains(&stem.as_str()) {
            problems.push(format!("{}: name it after its concept", path.display()));
        }
    }
    report(&problems);
}

#[test]
fn nothing_is_left_half_done() {
    let signs = [
        "todo!",
        "unimplemented!",
        "dbg!",
        "#[ignore",
        "#[should_panic",
        "FIXME",
        "XXX",
    ];
    let mut problems = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        if path.ends_with("tests/tidy.rs") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            for sign in signs.iter().filter(|sign| line.contains(*sign)) {
                problems.push(format!("{}:{}: `{sign}`", path.display(), number + 1));
            }
            if line.ends_with([' ', '\t']) {
                problems.push(format!("{}:{}: trailing blank", path.display(), number + 1));
            }
        }
    }
    report(&problems);
}
