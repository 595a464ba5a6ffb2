//! All layers put together.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::name::nearest;
use crate::config::file::{ConfigFile, FileError, Profile};
use crate::config::keep::{Bytes, InvalidLimit, KeepText};
use crate::config::language::Language;
use crate::runner::retention::{Keep, Limits, MinFree};

/// The variables that say what is kept.
const KEEP_HISTORY: &str = "OOS_KEEP_HISTORY";
const KEEP_LOGS: &str = "OOS_KEEP_LOGS";

/// The profile that is there without a configuration file: the embedded cloud.
const LOCAL_PROFILE: &str = "local";

/// The region of executions whose profile names none.
const DEFAULT_REGION: &str = "local";

/// The account number of executions whose profile names none; sixteen digits as real ones have.
const DEFAULT_ACCOUNT: &str = "1000000000000001";

/// The data directory of root.
const SYSTEM_DATA_DIR: &str = "/var/lib/oos";

/// The configuration file of root.
const SYSTEM_CONFIG_FILE: &str = "/etc/oos/config.yml";

/// What is set for one command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Where executions, instances and images are kept.
    pub data_dir: PathBuf,
    /// Folders of templates, nearest first.
    pub libraries: Vec<PathBuf>,
    /// The sources of the inventory, in the order in which they are merged.
    pub inventories: Vec<String>,
    /// Whether the command line itself names them.
    pub inventory_named: bool,
    /// How long what executables and servers said of hosts is taken for true.
    pub inventory_max_age: Duration,
    /// Whether older answers are taken when they cannot be asked.
    pub inventory_stale: bool,
    /// Files of calendars whose entries are blackouts.
    pub calendars: Vec<PathBuf>,
    /// What is kept of executions that have ended.
    pub keep: Keep,
    /// How much room the disk must have for something new to be started.
    pub min_free: MinFree,
    /// The configuration file that was named, if one was.
    pub config: Option<PathBuf>,
    /// A file that holds the passphrase of the secrets.
    pub passphrase_file: Option<PathBuf>,
    /// The name of the profile.
    pub profile: String,
    /// The region, `ACS::RegionId`.
    pub region: String,
    /// The account number, `ACS::AccountId`.
    pub account: String,
    /// The language of template texts.
    pub language: Language,
}

/// What the command line says; it wins over every other layer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overrides {
    /// A configuration file to read in place of the usual one.
    pub config: Option<PathBuf>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--library`, searched before those of the file.
    pub libraries: Vec<PathBuf>,
    /// `--inventory`, in place of those of the file.
    pub inventories: Vec<String>,
    /// Whether `inventories` are from the command line, not from the environment.
    pub inventory_named: bool,
    /// `--inventory-max-age`.
    pub inventory_max_age: Option<Duration>,
    /// `--inventory-stale`.
    pub inventory_stale: bool,
    /// `--calendar`, beside those of the file.
    pub calendars: Vec<PathBuf>,
    /// `--min-free`.
    pub min_free: Option<Bytes>,
    /// `--passphrase-file`.
    pub passphrase_file: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--language`.
    pub language: Option<Language>,
}

/// What the surroundings say: environment variables, and whether root asks.
pub struct Surroundings<'a> {
    /// Looks an environment variable up; empty ones count as not set.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Whether the process runs as root.
    pub is_root: bool,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file is unusable.
    #[error(transparent)]
    File(#[from] FileError),
    /// The profile is not in the configuration file.
    #[error("there is no profile `{name}`")]
    UnknownProfile {
        /// The profile.
        name: String,
        /// The one that was probably meant.
        suggestion: Option<String>,
    },
    /// A variable holds no limit.
    #[error("the variable `{variable}` is not understood")]
    Limit {
        /// The variable.
        variable: &'static str,
        /// What is wrong with it.
        #[source]
        source: InvalidLimit,
    },
    /// No place for the data is known.
    #[error("there is no place to keep executions: neither `HOME` nor `XDG_STATE_HOME` is set")]
    NoHome,
}

impl Settings {
    /// Puts the layers together.
    pub fn resolve(
        overrides: Overrides,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, ConfigError> {
        let file = match &overrides.config {
            Some(path) => ConfigFile::read(path)?,
            None => match usual_config_file(surroundings).filter(|path| path.exists()) {
                Some(path) => ConfigFile::read(&path)?,
                None => ConfigFile::default(),
            },
        };
        let profile_name = overrides
            .profile
            .or(file.profile)
            .unwrap_or_else(|| LOCAL_PROFILE.to_owned());
        let profile = match file.profiles.get(&profile_name) {
            Some(profile) => profile.clone(),
            None if profile_name == LOCAL_PROFILE => Profile::default(),
            None => {
                let names = file
                    .profiles
                    .keys()
                    .map(String::as_str)
                    .chain([LOCAL_PROFILE]);
                let suggestion = nearest(&profile_name, names).map(str::to_owned);
                return Err(ConfigError::UnknownProfile {
                    name: profile_name,
                    suggestion,
                });
            }
        };
        let data_dir = match overrides.data_dir.or(file.data_dir) {
            Some(path) => path,
            None => usual_data_dir(surroundings).ok_or(ConfigError::NoHome)?,
        };
        Ok(Self {
            config: overrides.config,
            data_dir,
            libraries: overrides
                .libraries
                .into_iter()
                .chain(file.library)
                .collect(),
            inventories: if overrides.inventories.is_empty() {
                file.inventory
            } else {
                overrides.inventories
            },
            calendars: overrides
                .calendars
                .into_iter()
                .chain(file.calendar)
                .collect(),
            keep: Keep {
                history: limits(KEEP_HISTORY, file.keep_history, surroundings)?,
                logs: limits(KEEP_LOGS, file.keep_logs, surroundings)?,
            },
            min_free: overrides
                .min_free
                .or(file.min_free)
                .map(MinFree::from)
                .unwrap_or_default(),
            inventory_named: overrides.inventory_named,
            inventory_max_age: overrides.inventory_max_age.unwrap_or_default(),
            inventory_stale: overrides.inventory_stale,
            passphrase_file: overrides.passphrase_file.or(file.passphrase_file),
            profile: profile_name,
            region: profile.region.unwrap_or_else(|| DEFAULT_REGION.to_owned()),
            account: profile
                .account
                .unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned()),
            language: overrides
                .language
                .or(file.language)
                .unwrap_or_else(|| usual_language(surroundings)),
        })
    }
}

/// Returns the limits that a variable holds, or else those of the file.
fn limits(
    variable: &'static str,
    file: KeepText,
    surroundings: &Surroundings<'_>,
) -> Result<Limits, ConfigError> {
    let Some(text) = (surroundings.variable)(variable) else {
        return Ok(file.0);
    };
    let limits: Result<KeepText, _> = text.parse();
    limits
        .map(|limits| limits.0)
        .map_err(|source| ConfigError::Limit { variable, source })
}

fn usual_data_dir(surroundings: &Surroundings<'_>) -> Option<PathBuf> {
    if surroundings.is_root {
        return Some(PathBuf::from(SYSTEM_DATA_DIR));
    }
    user_folder(surroundings, "XDG_STATE_HOME", ".local/state")
}

fn usual_config_file(surroundings: &Surroundings<'_>) -> Option<PathBuf> {
    if surroundings.is_root {
        return Some(PathBuf::from(SYSTEM_CONFIG_FILE));
    }
    user_folder(surroundings, "XDG_CONFIG_HOME", ".config").map(|folder| folder.join("config.yml"))
}

fn user_folder(surroundings: &Surroundings<'_>, variable: &str, usual: &str) -> Option<PathBuf> {
    let base = match (surroundings.variable)(variable) {
        // The XDG specification says that relative paths are to be ignored.
        Some(path) if Path::new(&path).is_absolute() => PathBuf::from(path),
        _ => PathBuf::from((surroundings.variable)("HOME")?).join(usual),
    };
    Some(base.join("oos"))
}

fn usual_language(surroundings: &Surroundings<'_>) -> Language {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| (surroundings.variable)(name))
        .map(|locale| Language::from_locale(&locale))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn resolve(overrides: Overrides, variables: &[(&str, &str)], is_root: bool) -> Settings {
        let variable = |name: &str| {
            variables
                .iter()
                .find(|(have, _)| *have == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Settings::resolve(
            overrides,
            &Surroundings {
                variable: &variable,
                is_root,
            },
        )
        .unwrap()
    }

    #[test]
    fn data_is_kept_where_the_platform_keeps_state() {
        #[track_caller]
        fn case(variables: &[(&str, &str)], is_root: bool, expected: &str) {
            let settings = resolve(Overrides::default(), variables, is_root);
            assert_eq!(settings.data_dir, Path::new(expected));
        }
        case(&[("HOME", "/home/a")], false, "/home/a/.local/state/oos");
        case(
            &[("HOME", "/home/a"), ("XDG_STATE_HOME", "/s")],
            false,
            "/s/oos",
        );
        case(
            &[("HOME", "/home/a"), ("XDG_STATE_HOME", "s")],
            false,
            "/home/a/.local/state/oos",
        );
        case(&[], true, "/var/lib/oos");
    }

    #[test]
    fn options_win_over_the_file_and_the_file_over_the_surroundings() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yml");
        std::fs::write(
            &path,
            "data-dir: /file\nlibrary: [/books]\nprofile: lab\nlanguage: zh-cn\n\
             profiles:\n  lab: {region: lab-1}\n",
        )
        .unwrap();
        let from_file = Overrides {
            config: Some(path.clone()),
            ..Overrides::default()
        };
        let settings = resolve(
            from_file.clone(),
            &[("HOME", "/h"), ("LANG", "en_US")],
            false,
        );
        assert_eq!(settings.data_dir, Path::new("/file"));
        assert_eq!(
            (settings.region.as_str(), settings.language),
            ("lab-1", Language::Chinese)
        );
        let overridden = Overrides {
            data_dir: Some("/option".into()),
            libraries: vec!["/mine".into()],
            language: Some(Language::English),
            ..from_file
        };
        let settings = resolve(overridden, &[("HOME", "/h")], false);
        assert_eq!(settings.data_dir, Path::new("/option"));
        assert_eq!(
            settings.libraries,
            [Path::new("/mine"), Path::new("/books")]
        );
        assert_eq!(settings.language, Language::English);
    }

    #[test]
    fn an_unknown_profile_is_refused_with_the_nearest_one() {
        let overrides = Overrides {
            profile: Some("locl".into()),
            ..Overrides::default()
        };
        let surroundings = Surroundings {
            variable: &|_| None,
            is_root: true,
        };
        let error = Settings::resolve(overrides, &surroundings).unwrap_err();
        assert!(matches!(
            error,
            ConfigError::UnknownProfile { suggestion: Some(name), .. } if name == "local"
        ));
    }
}
