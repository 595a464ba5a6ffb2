//! The one place that prints errors: what failed, why, what to do about it, and the exit code.

use std::path::Path;
use std::{fmt, io};

use crate::cli::exit::Exit;
use crate::cli::output::{Output, Role};
use crate::config::ConfigError;
use crate::runner::RunnerError;
use crate::store::StoreError;

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// Tell the user.
    Told {
        /// How the process ends.
        exit: Exit,
        /// What failed, with its causes.
        error: anyhow::Error,
        /// What may help.
        hints: Vec<String>,
    },
    /// Everything has been said already.
    Reported(Exit),
    /// Nobody reads standard output any more; no reason to complain.
    BrokenPipe,
}

impl Failure {
    /// The request is not acceptable as it stands.
    pub(super) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self::told(Exit::Usage, error)
    }

    /// The request is fine, but was refused or came to nothing.
    pub(super) fn refused(error: impl Into<anyhow::Error>) -> Self {
        Self::told(Exit::Failed, error)
    }

    /// Something failed that is not the user's doing.
    pub(super) fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self::told(Exit::Internal, error)
    }

    fn told(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self::Told {
            exit,
            error: error.into(),
            hints: Vec::new(),
        }
    }

    /// Adds what may help; a sentence.
    pub(super) fn hinted(mut self, hint: impl Into<String>) -> Self {
        if let Self::Told { hints, .. } = &mut self {
            hints.push(hint.into());
        }
        self
    }

    /// Adds what may help, if something is known.
    pub(super) fn maybe_hinted(self, hint: Option<String>) -> Self {
        match hint {
            Some(hint) => self.hinted(hint),
            None => self,
        }
    }

    /// Names the data directory if it is what failed.
    pub(super) fn naming(self, data_dir: &Path) -> Self {
        let Self::Told { error, .. } = &self else {
            return self;
        };
        let is_store = error.is::<StoreError>()
            || matches!(error.downcast_ref(), Some(RunnerError::Storage { .. }));
        if is_store {
            self.hinted(format!("The data directory is `{}`.", data_dir.display()))
        } else {
            self
        }
    }

    /// Says what is to be said and returns how the process ends.
    pub(super) fn report(self, output: &mut Output) -> Exit {
        match self {
            Self::Reported(exit) => exit,
            Self::BrokenPipe => Exit::Success,
            Self::Told { exit, error, hints } => {
                let label = if exit == Exit::Internal {
                    "internal error:"
                } else {
                    "error:"
                };
                let label = output.paint_error(Role::Error, label);
                output.error(format_args!("{label} {error}"));
                for (number, cause) in error.chain().skip(1).enumerate() {
                    output.error(format_args!("  {}: {cause}", number + 1));
                }
                for hint in hints {
                    let label = output.paint_error(Role::Hint, "hint:");
                    output.error(format_args!("{label} {hint}"));
                }
                exit
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told { error, .. } => write!(f, "{error:#}"),
            Self::Reported(_) => f.write_str("failed"),
            Self::BrokenPipe => f.write_str("nobody reads standard output"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::internal(error)
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let hint = match &error {
            ConfigError::File(_) | ConfigError::Limit { .. } => None,
            ConfigError::UnknownProfile {
                suggestion: Some(name),
                ..
            } => Some(format!("Did you mean `{name}`?")),
            ConfigError::UnknownProfile {
                suggestion: None, ..
            } => Some("Profiles are listed under `profiles` in the configuration file.".to_owned()),
            ConfigError::NoHome => Some("Name a folder with `--data-dir`.".to_owned()),
        };
        Self::usage(error).maybe_hinted(hint)
    }
}
