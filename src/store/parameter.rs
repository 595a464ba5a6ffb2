//! The trait of the parameter store: named texts that templates may name (`{{ oos:name }}`) and
//! secret ones (`{{ oos-secret:name }}`).

use std::fmt;

use crate::base::secret::Secret;
use crate::store::StoreError;

/// Gives the values of entries of the parameter store. Calls block for about a read of the store.
pub trait Parameters: Send + Sync + fmt::Debug {
    /// Returns the value of an ordinary entry, or `None` if there is none.
    fn parameter(&self, name: &str) -> Result<Option<String>, ParameterError>;

    /// Returns the value of a secret entry, or `None` if there is none.
    fn secret(&self, name: &str) -> Result<Option<Secret<String>>, ParameterError>;
}

/// Why the parameter store did not give a value.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParameterError {
    /// Secrets are sealed with a passphrase that nobody gave.
    #[error("the secrets are sealed with a passphrase, which was not given")]
    Locked,
    /// The key does not open them.
    #[error("the secrets cannot be opened: {0}")]
    WrongKey(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
