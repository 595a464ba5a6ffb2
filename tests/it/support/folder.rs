//! A template source over texts in memory, or over a folder: the base name of a file is the name of
//! the template, and YAML goes before a JSON twin.

use std::collections::BTreeMap;
use std::path::Path;

use oos::base::source::Source;
use oos::template::source::{Found, LookupError, TemplateSource};
use oos::template::yaml::read_source;

use crate::support::corpus::paths;

/// Templates by name, ignoring case.
#[derive(Default)]
pub(crate) struct Templates {
    by_name: BTreeMap<String, Found>,
}

impl Templates {
    /// Reads every template below `folder`.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut templates = Self::default();
        // In order of path `x.json` goes before `x.yml`, which replaces it.
        for path in paths(folder) {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let bytes = std::fs::read(&path).unwrap();
            let place = path.strip_prefix(folder).unwrap().display().to_string();
            let source = read_source(&place, &bytes).unwrap();
            templates.add(&name, source);
        }
        templates
    }

    /// Adds a template, or replaces the one of that name.
    pub(crate) fn add(&mut self, name: &str, source: Source) {
        let found = Found {
            name: name.to_owned(),
            version: None,
            source,
        };
        self.by_name.insert(name.to_ascii_lowercase(), found);
    }
}

impl TemplateSource for Templates {
    fn find(&self, name: &str, _: Option<&str>) -> Result<Option<Found>, LookupError> {
        Ok(self.by_name.get(&name.to_ascii_lowercase()).cloned())
    }

    fn names(&self) -> Result<Vec<String>, LookupError> {
        Ok(self
            .by_name
            .values()
            .map(|found| found.name.clone())
            .collect())
    }
}
