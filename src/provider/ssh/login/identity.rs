//! Key files and certificate files.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::keys::ssh_key::Certificate;
use russh::keys::{PrivateKey, decode_secret_key};
use thiserror::Error;

use crate::base::secret::Secret;

/// A key that logs in, with the certificate that vouches for it.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) path: PathBuf,
    pub(super) key: Arc<PrivateKey>,
    pub(super) certificate: Option<Certificate>,
}

/// Why a key file cannot be used.
#[derive(Clone, Debug, Error)]
pub enum IdentityError {
    /// It cannot be read.
    #[error("failed to read `{}`", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// Others can read it.
    #[error("key `{}` can be read by others: `chmod 600` it", .path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// It is encrypted and nothing opens it.
    #[error("key `{}` is encrypted: name the secret that opens it", .path.display())]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// It is no key, or the passphrase is wrong.
    #[error("`{}` is no key that can be used{with}: {reason}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// By which secret it was to be opened.
        with: String,
        /// What is wrong.
        reason: String,
    },
}

impl Identity {
    /// Reads a key file and the certificate beside it. Slow for an encrypted key.
    pub(super) fn read(
        path: &Path,
        passphrase: Option<(&str, &Secret<String>)>,
    ) -> Result<Self, IdentityError> {
        let text = Secret::new(read_private(path)?);
        let opened = decode_secret_key(text.reveal(), None);
        let opened = match (opened, passphrase) {
            (Err(russh::keys::Error::KeyIsEncrypted), Some((_, passphrase))) => {
                decode_secret_key(text.reveal(), Some(passphrase.reveal()))
            }
            (opened, _) => opened,
        };
        let key = opened.map_err(|error| match error {
            russh::keys::Error::KeyIsEncrypted => IdentityError::Encrypted {
                path: path.to_owned(),
            },
            error => IdentityError::Invalid {
                path: path.to_owned(),
                with: passphrase.map_or_else(String::new, |(name, _)| format!(" with `{name}`")),
                reason: error.to_string(),
            },
        })?;
        let mut beside = path.as_os_str().to_owned();
        beside.push("-cert.pub");
        let beside = PathBuf::from(beside);
        Ok(Self {
            path: path.to_owned(),
            key: Arc::new(key),
            certificate: if beside.exists() {
                Some(read_certificate(&beside)?)
            } else {
                None
            },
        })
    }
}

/// Reads a certificate.
pub(super) fn read_certificate(path: &Path) -> Result<Certificate, IdentityError> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
    Certificate::from_openssh(text.trim()).map_err(|error| IdentityError::Invalid {
        path: path.to_owned(),
        with: String::new(),
        reason: error.to_string(),
    })
}

fn read_private(path: &Path) -> Result<String, IdentityError> {
    let found = std::fs::metadata(path).map_err(|error| unreadable(path, error))?;
    let own = found.uid() == nix::unistd::Uid::effective().as_raw();
    if own && found.mode() & 0o077 != 0 {
        return Err(IdentityError::Exposed {
            path: path.to_owned(),
        });
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: io::Error) -> IdentityError {
    IdentityError::Unreadable {
        path: path.to_owned(),
        source: Arc::new(error),
    }
}
