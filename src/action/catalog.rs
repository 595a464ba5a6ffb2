//! All actions that a template may name without calling a template: the embedded ones and the
//! native ones of a provider.

use crate::action::spec::ActionSpec;

/// Actions by name, ignoring case.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    native: Vec<ActionSpec>,
}

impl Catalog {
    /// Makes a catalog of the embedded actions and the `native` ones of a provider.
    pub fn new(native: Vec<ActionSpec>) -> Self {
        Self { native }
    }

    /// Returns the native product actions.
    pub fn native(&self) -> &[ActionSpec] {
        &self.native
    }
}
