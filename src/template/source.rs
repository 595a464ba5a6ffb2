//! How templates find each other: by name, without knowing where they are kept.

use crate::base::source::Source;

/// Finds templates and product actions by name; they share one namespace. Names ignore case.
pub trait TemplateSource: Send + Sync {
    /// Returns the template of that name, or `None`. `version` is `v1`, `v2`, …; `None` is the
    /// newest.
    fn find(&self, name: &str, version: Option<&str>) -> Result<Option<Found>, LookupError>;

    /// Returns all names, sorted, for listings and "did you mean".
    fn names(&self) -> Result<Vec<String>, LookupError>;
}

/// A template that was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// The name as its owner spells it.
    pub name: String,
    /// Its version, where versions are kept.
    pub version: Option<String>,
    /// Its text.
    pub source: Source,
}

/// A source could not be read.
#[derive(Debug, thiserror::Error)]
#[error("template `{name}` could not be read: {reason}")]
pub struct LookupError {
    /// The name that was looked up.
    pub name: String,
    /// Why, in words.
    pub reason: String,
}
