//! The entries of the parameter store that templates name (language reference 3.9): found in their
//! texts, read before a start, and handed on to children.

use std::collections::BTreeSet;

use crate::base::value::{Map, Value};
use crate::engine::event::Started;
use crate::store::{ParameterError, Parameters};
use crate::template::entries::{self, EntryName};
use crate::template::model::Template;

/// Entries with their values.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Entries {
    /// Ordinary ones by name.
    pub(super) stored: Map,
    /// Secret ones by name.
    pub(super) secrets: Map,
}

/// Why entries could not be read.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Some are not there.
    #[error("the parameter store has no {}", list(.0))]
    Missing(Vec<EntryName>),
    /// The parameter store did not give them.
    #[error(transparent)]
    Store(#[from] ParameterError),
}

impl Entries {
    /// Returns those that were read before an execution started.
    pub(super) fn of(started: &Started) -> Self {
        Self {
            stored: started.stored.clone(),
            secrets: started.stored_secrets.clone(),
        }
    }

    /// Reads what `templates` name and is not known yet.
    pub(super) fn complete<'a>(
        mut self,
        templates: impl IntoIterator<Item = &'a Template>,
        parameters: &dyn Parameters,
    ) -> Result<Self, EntryError> {
        let names: BTreeSet<EntryName> = templates.into_iter().flat_map(entries::named).collect();
        let mut missing = Vec::new();
        for entry in names {
            let (known, value) = match &entry {
                EntryName::Plain(name) if self.stored.contains_key(name) => continue,
                EntryName::Secret(name) if self.secrets.contains_key(name) => continue,
                EntryName::Plain(name) => (&mut self.stored, parameters.parameter(name)?),
                EntryName::Secret(name) => {
                    let secret = parameters.secret(name)?;
                    let text = secret.map(|secret| secret.reveal().clone());
                    (&mut self.secrets, text)
                }
            };
            match value {
                Some(text) => {
                    known.insert(entry.name().to_owned(), Value::String(text));
                }
                None => missing.push(entry),
            }
        }
        if missing.is_empty() {
            Ok(self)
        } else {
            Err(EntryError::Missing(missing))
        }
    }
}

fn list(entries: &[EntryName]) -> String {
    let words: Vec<String> = entries
        .iter()
        .map(|entry| match entry {
            EntryName::Plain(name) => format!("parameter `{name}`"),
            EntryName::Secret(name) => format!("secret `{name}`"),
        })
        .collect();
    words.join(", no ")
}

/// A parameter store without entries.
#[derive(Debug)]
pub(super) struct NoParameters;

impl Parameters for NoParameters {
    fn parameter(&self, _: &str) -> Result<Option<String>, ParameterError> {
        Ok(None)
    }

    fn secret(
        &self,
        _: &str,
    ) -> Result<Option<crate::base::secret::Secret<String>>, ParameterError> {
        Ok(None)
    }
}
