//! Finding a declared parameter by name: as written first, then ignoring case.

use std::collections::HashMap;

use crate::base::name::Name;
use crate::template::model::Parameter;

/// The places of declared parameters by name.
pub(super) struct Names<'a> {
    exact: HashMap<&'a str, usize>,
    folded: HashMap<&'a Name, usize>,
}

impl<'a> Names<'a> {
    pub(super) fn new(parameters: &'a [Parameter]) -> Self {
        let mut names = Self {
            exact: HashMap::new(),
            folded: HashMap::new(),
        };
        for (at, parameter) in parameters.iter().enumerate() {
            let name = &parameter.name.value;
            names.exact.entry(name.as_str()).or_insert(at);
            names.folded.entry(name).or_insert(at);
        }
        names
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.exact
            .get(name)
            .or_else(|| self.folded.get(&Name::from(name)))
            .copied()
    }
}
