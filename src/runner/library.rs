//! Where templates are found: `--library` folders, the user's own templates, the embedded runbooks,
//! in this order (architecture, section 5).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rust_embed::RustEmbed;

use crate::base::source::Source;
use crate::template::source::{Found, LookupError, TemplateSource};

/// The runbooks and product actions that are part of the binary.
#[derive(RustEmbed)]
#[folder = "runbooks/"]
struct Embedded;

/// How deep folders are walked, so that a loop of links ends.
const DEEPEST: usize = 16;

/// Finds templates by name in several places.
pub struct Library {
    folders: Vec<PathBuf>,
    own: Option<Arc<dyn TemplateSource>>,
    /// Files of `folders` by lower-case name, listed at the first look-up that needs them.
    files: OnceLock<BTreeMap<String, PathBuf>>,
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library")
            .field("folders", &self.folders)
            .finish_non_exhaustive()
    }
}

impl Library {
    /// Makes a library of folders, walked to any depth, and of the user's `own` templates.
    pub fn new(folders: Vec<PathBuf>, own: Option<Arc<dyn TemplateSource>>) -> Self {
        Self {
            folders,
            own,
            files: OnceLock::new(),
        }
    }

    fn files(&self) -> &BTreeMap<String, PathBuf> {
        self.files.get_or_init(|| {
            let mut files = BTreeMap::new();
            for folder in &self.folders {
                let mut found = BTreeMap::new();
                walk(folder, DEEPEST, &mut found);
                for (name, path) in found {
                    files.entry(name).or_insert(path);
                }
            }
            files
        })
    }
}

/// Collects template files below `folder`; YAML wins over a JSON twin of the same name.
fn walk(folder: &Path, depth: usize, found: &mut BTreeMap<String, PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        // `oos doctor` and the start of a run report folders that cannot be read.
        tracing::warn!(folder = %folder.display(), "library folder cannot be read");
        return;
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if depth > 0 {
                walk(&path, depth - 1, found);
            }
            continue;
        }
        let Some(name) = template_name(&path) else {
            continue;
        };
        let is_yaml = !has_extension(&path, "json");
        let key = name.to_ascii_lowercase();
        if is_yaml || !found.contains_key(&key) {
            found.insert(key, path);
        }
    }
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// Returns the name that a template file has: its file name without the suffix.
pub fn template_name(path: &Path) -> Option<String> {
    let known = ["yml", "yaml", "json"]
        .iter()
        .any(|suffix| has_extension(path, suffix));
    let stem = path.file_stem()?.to_str()?;
    known.then(|| stem.to_owned())
}

/// Returns the name of the template in an embedded file: `action/ACS-ECS-StopInstance.yml` holds
/// the product action `ACS::ECS::StopInstance`, since `:` is no letter of portable file names.
fn embedded_name(path: &str) -> Option<String> {
    let name = path.strip_suffix(".yml")?;
    match name.strip_prefix("action/") {
        Some(action) => Some(action.replacen('-', "::", 2)),
        None => Some(name.to_owned()),
    }
}

impl TemplateSource for Library {
    fn find(&self, name: &str, version: Option<&str>) -> Result<Option<Found>, LookupError> {
        if version.is_none()
            && let Some(path) = self.files().get(&name.to_ascii_lowercase())
        {
            return read(name, path).map(Some);
        }
        if let Some(own) = &self.own
            && let Some(found) = own.find(name, version)?
        {
            return Ok(Some(found));
        }
        Ok(find_embedded(name).filter(|_| version.is_none()))
    }

    fn names(&self) -> Result<Vec<String>, LookupError> {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for path in Embedded::iter() {
            if let Some(name) = embedded_name(&path) {
                names.insert(name.to_ascii_lowercase(), name);
            }
        }
        if let Some(own) = &self.own {
            for name in own.names()? {
                names.insert(name.to_ascii_lowercase(), name);
            }
        }
        for (key, path) in self.files() {
            if let Some(name) = template_name(path) {
                names.insert(key.clone(), name);
            }
        }
        Ok(names.into_values().collect())
    }
}

fn read(name: &str, path: &Path) -> Result<Found, LookupError> {
    let place = path.display().to_string();
    let failed = |reason: String| LookupError {
        name: name.to_owned(),
        reason,
    };
    let bytes = std::fs::read(path).map_err(|error| failed(format!("{place}: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| failed(format!("{place}: not UTF-8")))?;
    Ok(Found {
        name: template_name(path).unwrap_or_else(|| name.to_owned()),
        version: None,
        source: Source::new(place, text),
    })
}

fn find_embedded(name: &str) -> Option<Found> {
    let path = Embedded::iter()
        .find(|path| embedded_name(path).is_some_and(|have| have.eq_ignore_ascii_case(name)))?;
    let file = Embedded::get(&path)?;
    let text = String::from_utf8(file.data.into_owned()).ok()?;
    Some(Found {
        name: embedded_name(&path)?,
        version: None,
        source: Source::new(format!("<built-in>/{path}"), text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_actions_are_named_with_colons() {
        assert_eq!(
            embedded_name("action/ACS-ECS-StopInstance.yml").as_deref(),
            Some("ACS::ECS::StopInstance")
        );
        assert_eq!(
            embedded_name("update-image.yml").as_deref(),
            Some("update-image")
        );
    }

    #[test]
    fn folders_win_over_each_other_in_order_and_yaml_over_json() {
        let first = tempfile::tempdir().unwrap();
        let second = tempfile::tempdir().unwrap();
        std::fs::create_dir(first.path().join("deep")).unwrap();
        std::fs::write(first.path().join("deep/a.json"), "json").unwrap();
        std::fs::write(first.path().join("deep/A.yml"), "yaml").unwrap();
        std::fs::write(second.path().join("a.yml"), "second").unwrap();
        std::fs::write(second.path().join("b.yaml"), "b").unwrap();
        let folders = vec![first.path().to_owned(), second.path().to_owned()];
        let library = Library::new(folders, None);
        assert_eq!(
            library.find("a", None).unwrap().unwrap().source.text(),
            "yaml"
        );
        assert_eq!(library.find("B", None).unwrap().unwrap().source.text(), "b");
        assert!(library.find("c", None).unwrap().is_none());
    }
}
