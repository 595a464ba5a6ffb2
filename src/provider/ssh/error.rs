//! What goes wrong with a host: the class that summaries count, and whether a command may run there.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::base::failure::code;
use crate::provider::ssh::known_hosts::HostKeyError;
use crate::provider::ssh::login::IdentityError;
use crate::provider::ssh::secrets::SecretError;

/// Longest text of a host that goes into an error.
const SAID: usize = 200;

/// Whether a command may have been started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Started {
    /// It was not, and will not be.
    No,
    /// The request was on its way, or the command ran.
    Maybe,
}

/// Why a host could not be talked to.
#[derive(Clone, Debug, Error)]
pub enum SshError {
    /// The address means nothing, or nobody answers there.
    #[error("no connection to `{host}`")]
    Unreachable {
        /// The host.
        host: String,
        /// What the operating system says.
        #[source]
        source: Arc<io::Error>,
    },
    /// Something answers that cannot be talked to.
    #[error("`{host}` answers and cannot be talked to: {reason}")]
    Protocol {
        /// The host.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// The host takes too long.
    #[error("`{host}` did not {what} within {limit:?}")]
    Timeout {
        /// The host.
        host: String,
        /// What it did not do.
        what: &'static str,
        /// The limit.
        limit: Duration,
        /// Whether the command may have been started.
        started: Started,
    },
    /// The host's key was refused.
    #[error(transparent)]
    HostKey(#[from] HostKeyError),
    /// The host lets nobody in with what there is.
    #[error("`{host}` does not let `{user}` in: tried {tried}{said}")]
    Authentication {
        /// The host.
        host: String,
        /// The login user.
        user: String,
        /// What was tried, without secrets.
        tried: String,
        /// What the host said to it, as the end of a sentence.
        said: String,
    },
    /// A key file cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A secret that is needed is not there.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A host on the way cannot be gone through.
    #[error("jump host `{hop}`")]
    Jump {
        /// The host on the way.
        hop: String,
        /// What is wrong with it.
        #[source]
        source: Arc<Self>,
    },
    /// The link ended while it was in use.
    #[error("the link to `{host}` is lost: {reason}")]
    Lost {
        /// The host.
        host: String,
        /// How it ended.
        reason: String,
        /// Whether the host no longer answered, as opposed to the link having ended.
        silent: bool,
        /// Whether the command may have been started.
        started: Started,
    },
    /// The host says no.
    #[error("`{host}` refuses {what}")]
    Refused {
        /// The host.
        host: String,
        /// What it refuses.
        what: String,
    },
    /// A file could not be put on the host.
    #[error("file `{path}` on `{host}`: {reason}")]
    File {
        /// The host.
        host: String,
        /// The path there.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The process may not open enough files.
    #[error(
        "{limit} open files are allowed, too few for a connection: raise the hard limit (`ulimit -Hn`)"
    )]
    Descriptors {
        /// How many are allowed.
        limit: u64,
    },
}

impl SshError {
    /// Returns the error code, which names the class.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } | Self::Protocol { .. } | Self::Descriptors { .. } => {
                code::UNREACHABLE
            }
            Self::Timeout { .. } | Self::Lost { silent: true, .. } => code::TIMEOUT,
            Self::Lost { .. } => code::UNREACHABLE,
            Self::HostKey(_) => code::KEY_REFUSED,
            Self::Authentication { .. } | Self::Identity(_) | Self::Secret(_) => {
                code::AUTHENTICATION
            }
            Self::Jump { source, .. } => source.code(),
            Self::Refused { .. } | Self::File { .. } => code::UNSUPPORTED,
        }
    }

    /// Tells whether somebody has to change something before it can work: a key or a login was refused.
    pub fn is_refusal(&self) -> bool {
        matches!(self.code(), code::KEY_REFUSED | code::AUTHENTICATION)
    }

    /// Returns whether the command that this is about may have been started.
    pub fn started(&self) -> Started {
        match self {
            Self::Timeout { started, .. } | Self::Lost { started, .. } => *started,
            _ => Started::No,
        }
    }

    /// Returns the whole story in one line: this error and its causes.
    pub fn message(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(text, ": {error}").expect("a string takes everything");
            cause = error.source();
        }
        text
    }

    pub(super) fn unreachable(host: &str, error: io::Error) -> Self {
        Self::Unreachable {
            host: host.to_owned(),
            source: Arc::new(error),
        }
    }
}

/// Returns what a host said as text that does nothing to a terminal: no control characters, no end.
pub(super) fn printable(text: &str) -> String {
    let clean = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut letters = text.trim().chars().map(clean);
    let short: String = letters.by_ref().take(SAID).collect();
    let rest = if letters.next().is_some() { "…" } else { "" };
    format!("{}{rest}", short.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_says_does_nothing_to_a_terminal() {
        assert_eq!(printable("\u{1b}[2Jgone\r\n"), "[2Jgone");
        assert_eq!(printable("a\u{9b}31mb"), "a 31mb");
        assert_eq!(printable(&"x".repeat(1_000)).chars().count(), SAID + 1);
    }

    #[test]
    fn an_error_of_a_jump_host_has_the_class_of_its_cause() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let error = SshError::Jump {
            hop: "gate".to_owned(),
            source: Arc::new(SshError::unreachable("gate", refused)),
        };
        assert_eq!(error.code(), code::UNREACHABLE);
        assert_eq!(
            error.message(),
            "jump host `gate`: no connection to `gate`: connection refused"
        );
    }
}
