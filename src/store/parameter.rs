//! The trait of the parameter store: named texts that templates may name (`{{ oos:name }}`) and
//! secret ones (`{{ oos-secret:name }}`).

use std::fmt;

use serde::Serialize;

use crate::base::secret::Secret;
use crate::base::time::Timestamp;
use crate::store::StoreError;

/// The longest value of an entry in characters, as at the vendor.
pub(super) const LONGEST_VALUE: usize = 4096;

/// Gives the values of entries of the parameter store. Calls block for about a read of the store.
pub trait Parameters: Send + Sync + fmt::Debug {
    /// Returns the value of an ordinary entry, or `None` if there is none.
    fn parameter(&self, name: &str) -> Result<Option<String>, ParameterError>;

    /// Returns the value of a secret entry, or `None` if there is none.
    fn secret(&self, name: &str) -> Result<Option<Secret<String>>, ParameterError>;
}

/// An entry of the parameter store without its value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ParameterEntry {
    /// Its name.
    pub name: String,
    /// Counts the times that it was set, from 1.
    pub parameter_version: u32,
    /// What it is for.
    pub description: String,
    /// When it was first set.
    pub created_date: Timestamp,
    /// When it was last set.
    pub updated_date: Timestamp,
    /// Who last set it.
    pub updated_by: String,
}

/// Why the parameter store did not do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParameterError {
    /// Secrets are sealed with a passphrase that nobody gave.
    #[error("the secrets are sealed with a passphrase, which was not given")]
    Locked,
    /// What was given is not the key of the secrets.
    #[error("{0}")]
    WrongKey(String),
    /// What is to be kept is not acceptable.
    #[error("{0}")]
    Invalid(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
