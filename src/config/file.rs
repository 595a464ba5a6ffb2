//! The configuration file: YAML whose keys are the names of the options.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::keep::{Bytes, KeepText};
use crate::config::language::Language;

/// What a configuration file may say.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ConfigFile {
    /// Where executions are kept.
    pub data_dir: Option<PathBuf>,
    /// Folders of templates, nearest first.
    pub library: Vec<PathBuf>,
    /// Sources of the inventory.
    pub inventory: Vec<String>,
    /// Files of calendars whose entries are blackouts.
    pub calendar: Vec<PathBuf>,
    /// What is kept of executions that have ended: `age=90d,count=10000,bytes=5GiB`.
    pub keep_history: KeepText,
    /// What is kept of the output of their commands.
    pub keep_logs: KeepText,
    /// How much room the disk must have for something new to be started.
    pub min_free: Option<Bytes>,
    /// A file that holds the passphrase of the secrets.
    pub passphrase_file: Option<PathBuf>,
    /// The profile to use.
    pub profile: Option<String>,
    /// The language of template texts.
    pub language: Option<Language>,
    /// Profiles by name.
    pub profiles: BTreeMap<String, Profile>,
}

/// A named set of values that executions start with.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Profile {
    /// The region, `ACS::RegionId`.
    pub region: Option<String>,
    /// The account number, `ACS::AccountId`.
    pub account: Option<String>,
}

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("configuration file `{}` cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It says something that is not understood.
    #[error("configuration file `{}` is not understood", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What and where.
        #[source]
        source: serde_yaml::Error,
    },
}

impl ConfigFile {
    /// Reads a file. Paths in it are relative to its folder.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = std::fs::read_to_string(path).map_err(|source| FileError::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut file = Self::parse(&text).map_err(|source| FileError::Syntax {
            path: path.to_owned(),
            source,
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        file.data_dir = file.data_dir.map(|path| folder.join(path));
        file.passphrase_file = file.passphrase_file.map(|path| folder.join(path));
        file.inventory = file
            .inventory
            .into_iter()
            .map(|source| relative_source(folder, source))
            .collect();
        file.calendar = file.calendar.iter().map(|path| folder.join(path)).collect();
        file.library = file.library.iter().map(|path| folder.join(path)).collect();
        Ok(file)
    }

    fn parse(text: &str) -> Result<Self, serde_yaml::Error> {
        // A file of comments only is the same as no file.
        Ok(serde_yaml::from_str::<Option<Self>>(text)?.unwrap_or_default())
    }
}

/// Returns a source of the inventory as the file means it: a path is relative to the file, a URL or a
/// list of hosts is not.
fn relative_source(folder: &Path, source: String) -> String {
    if source.contains("://") || source.contains(',') {
        return source;
    }
    folder.join(source).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yml");
        std::fs::write(&path, "data-dir: state\nlibrary: [/srv/books, mine]\ninventory: [hosts.yml, 'a,', 'https://x/y']\n").unwrap();
        let file = ConfigFile::read(&path).unwrap();
        assert_eq!(file.data_dir, Some(folder.path().join("state")));
        assert_eq!(
            file.library,
            [PathBuf::from("/srv/books"), folder.path().join("mine")]
        );
        let hosts = folder.path().join("hosts.yml").display().to_string();
        assert_eq!(file.inventory, [hosts.as_str(), "a,", "https://x/y"]);
    }

    #[test]
    fn unknown_keys_are_refused_with_their_place() {
        let error = ConfigFile::parse("profile: x\nlibary: []\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("libary") && error.contains("line 2"),
            "{error}"
        );
    }

    #[test]
    fn limits_of_what_is_kept_are_read() {
        let text = "keep-history: age=90d\nkeep-logs: bytes=1GiB, count=5\nmin-free: 500MiB\n";
        let file = ConfigFile::parse(text).unwrap();
        assert_eq!(
            file.keep_history.0.age,
            Some(std::time::Duration::from_hours(90 * 24))
        );
        assert_eq!(
            (file.keep_logs.0.bytes, file.keep_logs.0.count),
            (Some(1 << 30), Some(5))
        );
        assert_eq!(file.min_free, Some(Bytes(500 << 20)));
        let error = ConfigFile::parse("keep-logs: 90\n")
            .unwrap_err()
            .to_string();
        assert!(error.contains("`90` is no limit"), "{error}");
    }

    #[test]
    fn a_file_of_comments_says_nothing() {
        assert_eq!(
            ConfigFile::parse("# nothing\n").unwrap(),
            ConfigFile::default()
        );
    }
}
