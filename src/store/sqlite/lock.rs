//! How the key of secrets is had: from a key file, or from a passphrase by argon2id.

use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::base::secret::Secret;
use crate::store::parameter::ParameterError;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::seal::{KEY_BYTES, new_key_file, random, read_key_file};

/// What argon2id costs: 64 MiB and three passes, the second choice of RFC 9106 for one lane. A
/// fraction of a second for us, too much for who tries passphrases by the million.
const MEMORY: u32 = 64 * 1024;
const PASSES: u32 = 3;

/// More is not believed: a database that was tampered with must not eat the machine.
const MOST_MEMORY: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 64;

const SALT_BYTES: usize = 16;

/// Shorter ones are guessed whatever argon2id costs.
const SHORTEST_PASSPHRASE: usize = 8;

/// What secrets are to be sealed with.
#[derive(Debug)]
pub enum NewLock {
    /// A new key in a new file of the data directory.
    OwnKeyFile,
    /// A new key in this file, which must not exist.
    KeyFile(PathBuf),
    /// A passphrase.
    Passphrase(Secret<String>),
}

/// How the key is had, as it is stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum Lock {
    /// It is in a file; a relative path is one in the data directory.
    KeyFile { path: PathBuf },
    /// It follows from a passphrase by argon2id.
    Argon2id {
        salt: String,
        memory: u32,
        passes: u32,
    },
}

/// A key; wiped from memory when dropped.
pub(super) type Key = Zeroizing<[u8; KEY_BYTES]>;

impl Lock {
    /// Makes a new lock with its key; a key file is written.
    pub(super) fn make(new: &NewLock, directory: &Path) -> Result<(Self, Key), ParameterError> {
        match new {
            NewLock::OwnKeyFile => {
                let number = u64::from_le_bytes(random()?);
                let path = PathBuf::from(format!("vault-{number:016x}.key"));
                let key = new_key_file(&directory.join(&path))?;
                Ok((Self::KeyFile { path }, key))
            }
            NewLock::KeyFile(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                let key = new_key_file(&path)?;
                Ok((Self::KeyFile { path }, key))
            }
            NewLock::Passphrase(passphrase) => {
                if passphrase.reveal().chars().count() < SHORTEST_PASSPHRASE {
                    return Err(ParameterError::Invalid(format!(
                        "the passphrase is too short: expected at least {SHORTEST_PASSPHRASE} \
                         characters"
                    )));
                }
                let lock = Self::Argon2id {
                    salt: STANDARD.encode(random::<SALT_BYTES>()?),
                    memory: MEMORY,
                    passes: PASSES,
                };
                let key = lock.key(Some(passphrase), directory)?;
                Ok((lock, key))
            }
        }
    }

    /// Returns the key. A passphrase is not known to be right until the key opens something.
    pub(super) fn key(
        &self,
        passphrase: Option<&Secret<String>>,
        directory: &Path,
    ) -> Result<Key, ParameterError> {
        match self {
            Self::KeyFile { path } => Ok(read_key_file(&directory.join(path))?),
            Self::Argon2id {
                salt,
                memory,
                passes,
            } => {
                let passphrase = passphrase.ok_or(ParameterError::Locked)?;
                if *memory > MOST_MEMORY || *passes > MOST_PASSES {
                    return Err(damaged("vault", "its key would cost too much").into());
                }
                derive(passphrase, salt, *memory, *passes)
                    .map_err(|reason| damaged("vault", reason).into())
            }
        }
    }

    /// Returns the key file if it is one of the data directory.
    pub(super) fn own_file(&self) -> Option<&Path> {
        match self {
            Self::KeyFile { path } if path.is_relative() => Some(path),
            Self::KeyFile { .. } | Self::Argon2id { .. } => None,
        }
    }

    /// Says what to look at if the key turns out to be the wrong one.
    pub(super) fn wrong(&self) -> ParameterError {
        ParameterError::WrongKey(match self {
            Self::KeyFile { path } => format!(
                "`{}` is not the key that the secrets are sealed with",
                path.display()
            ),
            Self::Argon2id { .. } => {
                "this is not the passphrase that the secrets are sealed with".to_owned()
            }
        })
    }
}

fn derive(
    passphrase: &Secret<String>,
    salt: &str,
    memory: u32,
    passes: u32,
) -> Result<Key, String> {
    let salt = STANDARD.decode(salt).map_err(|error| error.to_string())?;
    let params = Params::new(memory, passes, 1, Some(KEY_BYTES)).map_err(|e| e.to_string())?;
    let mut key = Key::default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.reveal().as_bytes(), &salt, key.as_mut())
        .map_err(|error| error.to_string())?;
    Ok(key)
}
