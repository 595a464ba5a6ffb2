//! All actions that a template may name without calling a template: the embedded ones and the
//! native ones of a provider.

use std::collections::HashMap;

use crate::action::embedded::Embedded;
use crate::action::spec::ActionSpec;

/// Actions by name, ignoring case.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    native: Vec<ActionSpec>,
    /// Place in `native` by name in lower case.
    by_name: HashMap<String, usize>,
}

/// An action that the catalog knows.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Known<'a> {
    /// One that the engine carries out.
    Embedded(Embedded),
    /// One that the provider carries out.
    Native(&'a ActionSpec),
}

impl<'a> Known<'a> {
    /// Returns its signature.
    pub fn spec(self) -> &'a ActionSpec {
        match self {
            Self::Embedded(embedded) => embedded.spec(),
            Self::Native(spec) => spec,
        }
    }
}

impl Catalog {
    /// Makes a catalog of the embedded actions and the `native` ones of a provider.
    pub fn new(native: Vec<ActionSpec>) -> Self {
        let by_name = native
            .iter()
            .enumerate()
            .map(|(place, spec)| (spec.name.to_ascii_lowercase(), place))
            .collect();
        Self { native, by_name }
    }

    /// Returns the action called `name`, ignoring case; embedded actions go first.
    pub fn find(&self, name: &str) -> Option<Known<'_>> {
        if let Some(embedded) = Embedded::from_name(name) {
            return Some(Known::Embedded(embedded));
        }
        self.by_name
            .get(&name.to_ascii_lowercase())
            .map(|place| Known::Native(&self.native[*place]))
    }

    /// Returns the native product actions.
    pub fn native(&self) -> &[ActionSpec] {
        &self.native
    }

    /// Returns all signatures: embedded actions in the order of the reference, then native ones.
    pub fn specs(&self) -> impl Iterator<Item = &ActionSpec> {
        Embedded::ALL
            .iter()
            .map(|embedded| embedded.spec())
            .chain(&self.native)
    }

    /// Returns the names of all actions as they are spelt.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.specs().map(|spec| spec.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::spec::ActionKind;

    fn native(name: &str) -> ActionSpec {
        ActionSpec {
            name: name.to_owned(),
            description: (String::new(), String::new()),
            kind: ActionKind::Child,
            properties: Vec::new(),
            outputs: Vec::new(),
        }
    }

    #[test]
    fn names_ignore_case_and_embedded_actions_go_first() {
        let catalog = Catalog::new(vec![native("ACS::ECS::RunCommand"), native("ACS::Sleep")]);
        assert_eq!(
            catalog.find("acs::ecs::runcommand"),
            Some(Known::Native(&catalog.native()[0]))
        );
        assert_eq!(
            catalog.find("ACS::SLEEP"),
            Some(Known::Embedded(Embedded::Sleep))
        );
        assert_eq!(catalog.find("ACS::Parallel"), None);
    }

    #[test]
    fn names_lists_embedded_and_native_actions() {
        let catalog = Catalog::new(vec![native("ACS::ECS::RunCommand")]);
        let names: Vec<_> = catalog.names().collect();
        assert_eq!(names.first(), Some(&"ACS::ExecuteAPI"));
        assert_eq!(names.last(), Some(&"ACS::ECS::RunCommand"));
        assert_eq!(names.len(), Embedded::ALL.len() + 1);
    }
}
