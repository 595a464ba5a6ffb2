//! The templates that a scenario may call.

use oos::base::source::Source;
use oos::template::source::{Found, LookupError, TemplateSource};

/// Templates by name.
#[derive(Debug)]
pub(super) struct Shelf(pub(super) Vec<(String, String)>);

impl TemplateSource for Shelf {
    fn find(&self, name: &str, _version: Option<&str>) -> Result<Option<Found>, LookupError> {
        let mut known = self.0.iter();
        let found = known.find(|(known, _)| known.eq_ignore_ascii_case(name));
        Ok(found.map(|(name, text)| Found {
            name: name.clone(),
            version: None,
            source: Source::new(name, text),
        }))
    }

    fn names(&self) -> Result<Vec<String>, LookupError> {
        Ok(self.0.iter().map(|(name, _)| name.clone()).collect())
    }
}
