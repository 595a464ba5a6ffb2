//! Configuration files of OpenSSH's client as inventories: every name that a `Host` line says in
//! full is a host.
//!
//! `Match` is not evaluated: it asks for the network, for users and for the output of programs. What
//! stands under one is passed over, with a warning.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::source::Source;
use crate::provider::inventory::ansible::split_arguments;
use crate::provider::inventory::draft::Draft;
use crate::provider::inventory::load::read_file;
use crate::provider::inventory::problem::{Findings, Origin, Problem};
use crate::provider::inventory::ssh::option::{Effect, Options};
use crate::provider::inventory::words::{fits, is_glob};

/// How deep files may include others, as in OpenSSH.
const DEEPEST: usize = 16;

/// The most lines with options of all files together.
const MOST_LINES: usize = 1_000_000;

/// Reads a text into the draft; one without a path includes no files.
pub(in crate::provider::inventory) fn read(
    (path, source): (Option<&Path>, &Source),
    home: Option<&Path>,
    draft: &mut Draft,
    findings: &mut Findings,
) {
    let mut reader = Reader {
        home,
        findings,
        lines: Vec::new(),
        names: Vec::new(),
    };
    reader.text(path, source, &Arc::new(Scope::default()), 0);
    let Reader { lines, names, .. } = reader;
    let blocks = Blocks::of(&lines);
    for (name, origin) in names {
        if findings.is_full() {
            return;
        }
        let mut options = Options {
            home,
            ..Options::default()
        };
        for line in blocks.lines(&name) {
            options.set(&line.key, &line.value, &mut |effect| match effect {
                Effect::Warning(why) => findings.warn(Problem::new(&line.origin, why)),
                Effect::Error(why, hint) => {
                    let problem = Problem::new(&line.origin, why).hint(hint);
                    if !findings.errors.contains(&problem) {
                        findings.error(problem);
                    }
                }
            });
        }
        let mut reach = options.reach;
        reach.address = reach.address.map(|address| expand(&address, &name));
        match draft.host(&name, &origin) {
            Ok(host) => host.reach.overlay(&reach),
            Err(problem) => findings.error(problem),
        }
    }
}

/// `%h` in a host name is the name that was asked for.
fn expand(address: &str, name: &str) -> String {
    address.replace("%h", name).replace("%%", "%")
}

/// Which hosts lines are for: every part must fit, as an included file stands where its `Include`
/// does.
#[derive(Debug, Default)]
struct Scope {
    outer: Option<Arc<Self>>,
    /// The patterns of a `Host` line; empty: every host.
    patterns: Vec<String>,
    /// Whether it stands under a `Match`.
    never: bool,
}

impl Scope {
    fn fits(&self, name: &str) -> bool {
        !self.never
            && self.outer.as_ref().is_none_or(|outer| outer.fits(name))
            && (self.patterns.is_empty() || self.names(name))
    }

    fn names(&self, name: &str) -> bool {
        let refused = |pattern: &String| {
            pattern
                .strip_prefix('!')
                .is_some_and(|pattern| fits(pattern, name))
        };
        !self.patterns.iter().any(refused)
            && self.patterns.iter().any(|pattern| fits(pattern, name))
    }
}

/// Lines by their scope, and scopes by the names they are for: a file with ten thousand hosts must
/// not be walked ten thousand times.
struct Blocks<'a> {
    all: Vec<&'a [Line]>,
    /// Places of blocks that are for single names.
    named: HashMap<&'a str, Vec<usize>>,
    /// Places of all other blocks.
    general: Vec<usize>,
}

impl<'a> Blocks<'a> {
    fn of(lines: &'a [Line]) -> Self {
        let blocks: Vec<&[Line]> = lines
            .chunk_by(|left, right| Arc::ptr_eq(&left.scope, &right.scope))
            .collect();
        let mut named: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut general = Vec::new();
        for (place, block) in blocks.iter().enumerate() {
            let patterns = &block[0].scope.patterns;
            let is_plain = |pattern: &String| !pattern.starts_with('!') && !is_glob(pattern);
            if patterns.is_empty() || !patterns.iter().all(is_plain) {
                general.push(place);
                continue;
            }
            for name in patterns {
                named.entry(name).or_default().push(place);
            }
        }
        Self {
            all: blocks,
            named,
            general,
        }
    }

    /// Returns the lines that are for a host, in their order.
    fn lines(&self, name: &str) -> impl Iterator<Item = &'a Line> {
        let own = self.named.get(name).into_iter().flatten();
        let mut places: Vec<usize> = own.chain(&self.general).copied().collect();
        places.sort_unstable();
        places.dedup();
        places.retain(|place| self.all[*place][0].scope.fits(name));
        let blocks: Vec<&'a [Line]> = places.iter().map(|place| self.all[*place]).collect();
        blocks.into_iter().flatten()
    }
}

struct Line {
    scope: Arc<Scope>,
    key: String,
    value: String,
    origin: Origin,
}

struct Reader<'a> {
    home: Option<&'a Path>,
    findings: &'a mut Findings,
    lines: Vec<Line>,
    names: Vec<(String, Origin)>,
}

impl Reader<'_> {
    fn text(&mut self, path: Option<&Path>, text: &Source, outer: &Arc<Scope>, depth: usize) {
        let source: Arc<str> = Arc::from(text.name());
        let mut scope = Arc::clone(outer);
        for (number, line) in (1_u32..).zip(text.text().lines()) {
            let origin = Origin {
                source: Arc::clone(&source),
                line: number,
            };
            if self.findings.is_full() {
                return;
            }
            let Some((key, value)) = key_and_value(line) else {
                continue;
            };
            match key.to_ascii_lowercase().as_str() {
                "host" => scope = self.host(value, outer, &origin),
                "match" => {
                    let why =
                        format!("`Match {value}` is not evaluated; its lines are passed over");
                    self.findings.warn(Problem::new(&origin, why));
                    scope = Arc::new(Scope {
                        outer: Some(Arc::clone(outer)),
                        never: true,
                        ..Scope::default()
                    });
                }
                "include" => self.include(path, value, (&scope, depth), &origin),
                _ if value.is_empty() => {
                    let why = format!("`{key}` has no value");
                    self.findings.error(Problem::new(&origin, why));
                }
                _ if self.lines.len() == MOST_LINES => {
                    let why = format!("more than {MOST_LINES} lines are not read");
                    return self.findings.error(Problem::new(&origin, why));
                }
                _ => self.lines.push(Line {
                    scope: Arc::clone(&scope),
                    key: key.to_owned(),
                    value: unquoted(value),
                    origin,
                }),
            }
        }
    }

    fn host(&mut self, value: &str, outer: &Arc<Scope>, origin: &Origin) -> Arc<Scope> {
        let patterns = split_arguments(value, true).unwrap_or_default();
        for name in &patterns {
            if !name.starts_with('!') && !is_glob(name) && outer.fits(name) {
                self.names.push((name.clone(), origin.clone()));
            }
        }
        if patterns.is_empty() {
            let why = "`Host` has no names";
            self.findings.error(Problem::new(origin, why));
        }
        Arc::new(Scope {
            outer: Some(Arc::clone(outer)),
            // Without a pattern it is for nobody.
            never: patterns.is_empty(),
            patterns,
        })
    }

    fn include(
        &mut self,
        path: Option<&Path>,
        value: &str,
        (scope, depth): (&Arc<Scope>, usize),
        origin: &Origin,
    ) {
        let Some(path) = path else {
            let why = "files are included only by files of this machine";
            return self.findings.error(Problem::new(origin, why));
        };
        if depth == DEEPEST {
            let why = format!("files include each other more than {DEEPEST} times deep");
            return self.findings.error(Problem::new(origin, why));
        }
        for word in split_arguments(value, true).unwrap_or_default() {
            for file in self.included(path, &word) {
                match read_file(&file) {
                    Ok(bytes) => {
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        let source = Source::new(file.display().to_string(), text);
                        self.text(Some(&file), &source, scope, depth + 1);
                    }
                    Err(problem) => self.findings.error(problem),
                }
            }
        }
    }

    /// Returns the files that a pattern of an `Include` fits. Relative ones lie beside the file; the
    /// name may be a pattern, its folder not. What is not there is passed over, as OpenSSH does.
    fn included(&self, path: &Path, word: &str) -> Vec<PathBuf> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let wanted = crate::provider::inventory::reach::file(word, Some(folder), self.home);
        let name = wanted
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned();
        if !is_glob(&name) {
            return Some(wanted)
                .filter(|path| path.is_file())
                .into_iter()
                .collect();
        }
        let folder = wanted.parent().unwrap_or(Path::new(""));
        let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| {
                let entry = entry.file_name();
                entry.to_str().is_some_and(|entry| {
                    fits(&name, entry) && (!entry.starts_with('.') || name.starts_with('.'))
                })
            })
            .map(|entry| entry.path())
            .filter(|path| path.is_file())
            .collect();
        found.sort();
        found
    }
}

/// Splits `Key value` or `Key = value`.
fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line
        .find(|c: char| c.is_whitespace() || c == '=')
        .unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start();
    Some((key, rest.strip_prefix('=').unwrap_or(rest).trim()))
}

/// Takes quotes around a whole value away.
fn unquoted(value: &str) -> String {
    let inner = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    inner.unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Draft, Findings) {
        let (mut draft, mut findings) = (Draft::default(), Findings::default());
        let home = Some(Path::new("/home/a"));
        let source = Source::new("/x/config", text);
        read(
            (Some(Path::new("/x/config")), &source),
            home,
            &mut draft,
            &mut findings,
        );
        (draft, findings)
    }

    #[test]
    fn names_said_in_full_are_hosts_and_the_first_value_counts() {
        let (draft, findings) = read_text(
            "# mine\nUser first\nHost web1 web2 !web3 *.x\n  HostName %h.example\n  Port=2222\n\
             Host web* !web2\n  ProxyJump bastion\n  User late\nHost *\n  Port 99\n\
             IdentityFile \"~/.ssh/a b\"\nHost bastion\n",
        );
        assert_eq!(findings.errors, []);
        let names: Vec<&str> = draft.hosts.keys().map(String::as_str).collect();
        assert_eq!(names, ["web1", "web2", "bastion"]);
        let reach = |name: &str| &draft.hosts[name].reach;
        assert_eq!(reach("web1").address.as_deref(), Some("web1.example"));
        assert_eq!(reach("web1").port, Some(2222));
        assert_eq!(reach("web1").user.as_deref(), Some("first"));
        assert!(reach("web1").jumps.is_some() && reach("web2").jumps.is_none());
        assert_eq!(reach("bastion").port, Some(99));
        assert_eq!(
            reach("web2").identities.as_deref(),
            Some(&[PathBuf::from("/home/a/.ssh/a b")][..])
        );
    }

    #[test]
    fn match_is_passed_over_and_says_so() {
        let (draft, findings) =
            read_text("Match exec \"touch /tmp/x\"\n  Port 1\nHost web1\n  Port 2\n");
        assert_eq!(draft.hosts["web1"].reach.port, Some(2));
        assert!(findings.warnings[0].message.contains("not evaluated"));
    }

    #[test]
    fn files_that_include_themselves_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, "Include config\nHost a\n").unwrap();
        let (mut draft, mut findings) = (Draft::default(), Findings::default());
        let text = std::fs::read_to_string(&path).unwrap();
        read(
            (Some(&path), &Source::new("config", text)),
            None,
            &mut draft,
            &mut findings,
        );
        assert!(findings.errors[0].message.contains("include each other"));
    }

    #[test]
    fn included_files_stand_where_they_are_included() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::fs::write(folder.path().join("d/b.conf"), "Host db1\n  Port 5\n").unwrap();
        std::fs::write(folder.path().join("d/a.conf"), "User u\n").unwrap();
        let text = "Host web*\n  Include d/*.conf\nHost web1\nInclude d/a.conf\nHost db1\n";
        let (mut draft, mut findings) = (Draft::default(), Findings::default());
        let path = folder.path().join("config");
        read(
            (Some(&path), &Source::new("config", text)),
            None,
            &mut draft,
            &mut findings,
        );
        // `Host db1` in a file included for `web*` is for nobody.
        assert_eq!(draft.hosts["db1"].reach.port, None);
        assert_eq!(draft.hosts["web1"].reach.user.as_deref(), Some("u"));
        assert_eq!(draft.hosts["db1"].reach.user, None);
    }
}
