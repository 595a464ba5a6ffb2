//! Where passwords and passphrases come from: a name goes in, a value comes out and stays in memory.

use std::fmt;

use thiserror::Error;

use crate::base::secret::Secret;

/// Gives out secrets by name. The parameter store does so for the program.
pub trait Secrets: Send + Sync + fmt::Debug {
    /// Returns a secret. It is asked for once in a process; a wait for a disk or for the derivation of
    /// a key is fine.
    fn secret(&self, name: &str) -> Result<Secret<String>, SecretError>;
}

/// Why there is no secret of a name.
#[derive(Clone, Debug, Error)]
#[error("secret `{name}`: {reason}")]
pub struct SecretError {
    /// The name.
    pub name: String,
    /// What is wrong; holds no secret.
    pub reason: String,
}
