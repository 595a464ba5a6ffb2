//! The folder of published templates, if this machine has it.

use std::path::{Path, PathBuf};

use oos::base::source::Source;
use oos::template::yaml::read_source;

/// Returns the folder that `OOS_CORPUS` names; says that the test is skipped if it names none.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("OOS_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: OOS_CORPUS is not set");
    }
    folder
}

/// Returns every template below `folder`, YAML and JSON, in order of path.
pub(crate) fn sources(folder: &Path) -> Vec<Source> {
    paths(folder)
        .iter()
        .map(|path| {
            let name = path.strip_prefix(folder).unwrap_or(path);
            read_source(&name.display().to_string(), &std::fs::read(path).unwrap()).unwrap()
        })
        .collect()
}

/// Returns the paths of every template below `folder`, in order.
pub(crate) fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths.extend(self::paths(&path));
        } else if matches!(
            path.extension().and_then(|extension| extension.to_str()),
            Some("yml" | "json")
        ) {
            paths.push(path);
        }
    }
    paths.sort();
    paths
}
