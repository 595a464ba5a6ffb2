//! Floor 5: what a person set up. Options win over the environment, the environment over the
//! configuration file, the file over the defaults.

pub mod file;
pub mod keep;
pub mod language;
pub mod settings;

pub use language::Language;
pub use settings::{ConfigError, Overrides, Settings};
