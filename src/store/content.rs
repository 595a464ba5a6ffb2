//! The trait of texts that are kept under their digest.

use std::fmt;

use async_trait::async_trait;

use crate::base::digest::Digest;
use crate::store::StoreError;

/// Texts kept under their digest: templates and lists of templates.
#[async_trait]
pub trait Contents: Send + Sync + fmt::Debug {
    /// Keeps texts; those that are there already cost nothing.
    async fn keep(&self, texts: Vec<String>) -> Result<Vec<Digest>, StoreError>;

    /// Returns a digest of `text` that says nothing to whoever does not have this store's key: what
    /// is short can be guessed from an ordinary one. The same text has the same digest here, and
    /// another one in every other store.
    fn keyed_digest(&self, text: &str) -> Result<Digest, StoreError>;

    /// Returns a text.
    async fn content(&self, digest: &Digest) -> Result<Option<String>, StoreError>;
}
