//! The options of every command.

use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueEnum};
use jiff::SignedDuration;

use crate::config::keep::Bytes;
use crate::config::{Language, Overrides};

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct GlobalArguments {
    /// Keep executions, instances and images in this folder
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "OOS_DATA_DIR",
        hide_env_values = true
    )]
    pub(super) data_dir: Option<PathBuf>,
    /// Read this configuration file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "OOS_CONFIG",
        hide_env_values = true
    )]
    pub(super) config: Option<PathBuf>,
    /// Use this profile of the configuration file
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "OOS_PROFILE",
        hide_env_values = true
    )]
    pub(super) profile: Option<String>,
    /// Look for templates in this folder and below; may be given several times
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "OOS_LIBRARY",
        hide_env_values = true,
        value_delimiter = ':'
    )]
    pub(super) library: Vec<PathBuf>,
    /// Read hosts from this inventory: a file, a folder, a URL, or hosts with a comma behind them; may
    /// be given several times
    #[arg(
        long,
        global = true,
        value_name = "SOURCE",
        env = "OOS_INVENTORY",
        hide_env_values = true
    )]
    pub(super) inventory: Vec<String>,
    /// Take what executables and servers said of hosts for this long, such as 10m, instead of asking again
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        env = "OOS_INVENTORY_MAX_AGE",
        hide_env_values = true,
        value_parser = parse_age
    )]
    pub(super) inventory_max_age: Option<Duration>,
    /// Take what executables and servers said of hosts before, however old, when they cannot be asked
    #[arg(long, global = true)]
    pub(super) inventory_stale: bool,
    /// Start nothing in the blackouts of this calendar, a YAML or iCalendar file; may be given several
    /// times
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "OOS_CALENDAR",
        hide_env_values = true,
        value_delimiter = ':'
    )]
    pub(super) calendar: Vec<PathBuf>,
    /// Start nothing new while the disk has less room than this, such as 500MiB; 64MiB when not given, or
    /// a twentieth of a small disk
    #[arg(
        long,
        global = true,
        value_name = "BYTES",
        env = "OOS_MIN_FREE",
        hide_env_values = true
    )]
    pub(super) min_free: Option<Bytes>,
    /// Read the passphrase of the secrets from this file; /dev/fd/3 is a descriptor
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "OOS_PASSPHRASE_FILE",
        hide_env_values = true
    )]
    pub(super) passphrase_file: Option<PathBuf>,
    /// Print data in this form
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        value_enum,
        default_value_t
    )]
    pub(super) output: Format,
    /// Use color
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub(super) color: ColorChoice,
    /// Show texts of templates in this language: en or zh-cn
    #[arg(long, global = true, value_name = "LANGUAGE")]
    pub(super) language: Option<Language>,
    /// Print data and errors only
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Say more about what happens inside; may be repeated
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

impl GlobalArguments {
    /// Returns what the settings take from the command line; `sources` tell what is typed and what is
    /// from the environment.
    pub(super) fn overrides(&self, sources: &ArgMatches) -> Overrides {
        Overrides {
            config: self.config.clone(),
            data_dir: self.data_dir.clone(),
            libraries: self.library.clone(),
            calendars: self.calendar.clone(),
            inventories: self.inventory.clone(),
            inventory_named: sources.value_source("inventory") == Some(ValueSource::CommandLine),
            inventory_max_age: self.inventory_max_age,
            inventory_stale: self.inventory_stale,
            min_free: self.min_free,
            profile: self.profile.clone(),
            passphrase_file: self.passphrase_file.clone(),
            language: self.language,
        }
    }
}

/// Reads a time such as `10m`.
fn parse_age(text: &str) -> Result<Duration, String> {
    let time: Option<SignedDuration> = text.parse().ok();
    time.and_then(|time| Duration::try_from(time).ok())
        .ok_or_else(|| "expected a time such as 10m or 1h".to_owned())
}

/// The forms in which data is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
}

/// When to use color.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
