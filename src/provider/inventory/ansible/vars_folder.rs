//! `group_vars` and `host_vars` beside an inventory.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::base::source::Source;
use crate::base::value::{Map, Value};
use crate::provider::inventory::problem::{Findings, Problem};
use crate::provider::inventory::tree::{self, entries};
use crate::template::yaml::{Dialect, read_source};

/// How a file begins that is encrypted.
pub(in crate::provider::inventory) const VAULT: &str = "$ANSIBLE_VAULT;";

/// Endings of files with variables, in the order in which they are looked for; a folder, or a file
/// without an ending, goes first.
const ENDINGS: [&str; 4] = ["", ".yml", ".yaml", ".json"];

/// How deep folders of variables may be nested.
const DEEPEST: usize = 8;

/// The folders beside an inventory.
#[derive(Debug)]
pub(in crate::provider::inventory) struct VarsFolder {
    groups: Entries,
    hosts: Entries,
}

/// A folder: what is in it by name. It is listed once, so that asking for a hundred thousand hosts
/// costs nothing where there is no file.
#[derive(Debug, Default)]
struct Entries {
    files: HashMap<String, PathBuf>,
    read: HashMap<String, Map>,
}

impl VarsFolder {
    /// Lists what is beside the inventories of a folder.
    pub(in crate::provider::inventory) fn open(folder: &Path, findings: &mut Findings) -> Self {
        Self {
            groups: Entries::list(&folder.join("group_vars"), findings),
            hosts: Entries::list(&folder.join("host_vars"), findings),
        }
    }

    /// Returns the variables of a group.
    pub(in crate::provider::inventory) fn group(
        &mut self,
        name: &str,
        findings: &mut Findings,
    ) -> Map {
        self.groups.variables(name, true, findings)
    }

    /// Returns the variables of a host.
    pub(in crate::provider::inventory) fn host(
        &mut self,
        name: &str,
        findings: &mut Findings,
    ) -> Map {
        self.hosts.variables(name, false, findings)
    }
}

impl Entries {
    fn list(folder: &Path, findings: &mut Findings) -> Self {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Self::default(),
            Err(error) => {
                let why = format!("the folder cannot be read: {error}");
                findings.error(Problem::new(folder.display(), why));
                return Self::default();
            }
        };
        let named = entries.flatten().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some((name, entry.path()))
        });
        Self {
            files: named.collect(),
            read: HashMap::new(),
        }
    }

    fn variables(&mut self, name: &str, keep: bool, findings: &mut Findings) -> Map {
        if self.files.is_empty() {
            return Map::new();
        }
        if let Some(known) = self.read.get(name) {
            return known.clone();
        }
        let found = ENDINGS
            .iter()
            .find_map(|ending| self.files.get(&format!("{name}{ending}")));
        let mut variables = Map::new();
        for file in found.map(|path| files(path, 0)).unwrap_or_default() {
            match read(&file, findings) {
                Ok(map) => variables.extend(map),
                Err(problem) => findings.error(problem),
            }
        }
        // A group is asked for by many lineages, a host once.
        if keep {
            self.read.insert(name.to_owned(), variables.clone());
        }
        variables
    }
}

/// Returns the files that a path stands for: itself, or what is in the folder, by name.
fn files(path: &Path, depth: usize) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let mut names: Vec<String> = fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && !name.ends_with('~'))
        .collect();
    names.sort();
    let mut found = Vec::new();
    for name in names {
        let inner = path.join(&name);
        let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
        if inner.is_dir() {
            if ending.is_empty() && depth < DEEPEST {
                found.extend(files(&inner, depth + 1));
            }
        } else if ENDINGS.contains(&ending) {
            found.push(inner);
        }
    }
    found
}

fn read(path: &Path, findings: &mut Findings) -> Result<Map, Problem> {
    let shown = path.display().to_string();
    let bytes = super::super::load::read_file(path)?;
    let source: Source = read_source(&shown, &bytes)
        .map_err(|unreadable| Problem::new(&shown, unreadable.diagnostic.message))?;
    if source.text().starts_with(VAULT) {
        return Err(vaulted(&shown));
    }
    let Some(root) = tree::read(&source, Dialect::Ansible, findings) else {
        return Ok(Map::new());
    };
    entries(&root, "variables", &source)?;
    Ok(match root.to_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    })
}

/// Makes the problem of an encrypted file.
pub(in crate::provider::inventory) fn vaulted(name: &str) -> Problem {
    Problem::new(
        name,
        "the file is encrypted with ansible-vault, which is not read",
    )
    .hint("keep its secrets with `oos secret set`, and the rest in a file of its own in plain text")
}
