//! The trait of the user's own templates, kept with their versions.

use std::fmt;

use async_trait::async_trait;
use serde::Serialize;

use crate::base::digest::Digest;
use crate::base::time::Timestamp;
use crate::store::StoreError;

/// One version of a kept template, without its text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TemplateEntry {
    /// The template's name, as it was first written.
    pub template_name: String,
    /// Its version: `v1`, `v2`, ...
    pub template_version: String,
    /// The digest of its text.
    pub hash: Digest,
    /// When this version was made.
    pub created_date: Timestamp,
}

/// Keeps the templates that people create. Names ignore case.
#[async_trait]
pub trait Templates: Send + Sync + fmt::Debug {
    /// Keeps `text` as the newest version of `name`; a text equal to the newest version makes no
    /// new one. Returns the newest version. A new one is audited as a deed of `by`.
    async fn put_template(
        &self,
        name: &str,
        text: &str,
        by: &str,
    ) -> Result<TemplateEntry, StoreError>;

    /// Returns a version (the newest when not given) and its text.
    async fn template(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<(TemplateEntry, String)>, StoreError>;

    /// Returns the newest version of every template, by name.
    async fn templates(&self) -> Result<Vec<TemplateEntry>, StoreError>;

    /// Returns all versions of a template, newest first.
    async fn template_versions(&self, name: &str) -> Result<Vec<TemplateEntry>, StoreError>;

    /// Removes a template with all its versions; tells whether there was one. Texts stay, since
    /// executions may have been started from them. Audited as a deed of `by`.
    async fn delete_template(&self, name: &str, by: &str) -> Result<bool, StoreError>;
}
