//! Why a host's key is refused, with what a person needs to decide: file, line, fingerprints, a way on.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

/// Why a host's key is refused.
#[derive(Clone, Debug, Error)]
pub enum HostKeyError {
    /// No file holds a key of the host.
    #[error(
        "the key of `{host}` is not known: {shown}. If its owner confirms this fingerprint, add \
         `{line}` to `{}`, or have new keys accepted",
        .file.display()
    )]
    Unknown {
        /// The host as files name it.
        host: String,
        /// Type and fingerprint of the key that it shows.
        shown: String,
        /// The line that would make it known.
        line: String,
        /// Where that line would go.
        file: PathBuf,
    },
    /// A file holds another key. Somebody may be in between.
    #[error(
        "the key of `{host}` has changed: `{}` line {line} holds {known}, and the host shows {shown}. \
         Somebody may be in between; if the host was set up anew, remove that line",
        .file.display()
    )]
    Changed {
        /// The host as files name it.
        host: String,
        /// Type and fingerprint of the key that it shows.
        shown: String,
        /// Type and fingerprint of the known key.
        known: String,
        /// Where that is known from.
        file: PathBuf,
        /// The line.
        line: usize,
    },
    /// The key, or the authority that signed it, is revoked.
    #[error("the key of `{host}` is revoked: `{}` line {line}, {fingerprint}", .file.display())]
    Revoked {
        /// The host as files name it.
        host: String,
        /// The fingerprint of the revoked key.
        fingerprint: String,
        /// Where that is said.
        file: PathBuf,
        /// The line.
        line: usize,
    },
    /// The host shows a certificate of a trusted authority that says nothing about this host now.
    #[error("the certificate of `{host}` does not hold: {reason}")]
    Certificate {
        /// The host as files name it.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be read.
    #[error("failed to read known hosts `{}`", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// A line that revokes something cannot be understood; what it revokes must not get by.
    #[error("`{}` line {line} revokes something that cannot be read", .file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
    },
    /// A new key was accepted, and no file of the user's is known to remember it in.
    #[error(
        "the key of `{host}` cannot be remembered: neither a file of known hosts nor a home folder is \
         named"
    )]
    Nowhere {
        /// The host as files name it.
        host: String,
    },
    /// A new key was accepted and cannot be remembered.
    #[error("failed to remember the key of `{host}` in `{}`", .file.display())]
    NotRemembered {
        /// The host as files name it.
        host: String,
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
}
