//! What the names in an expression stand for while it is evaluated.

use std::collections::HashMap;

use crate::base::name::Name;
use crate::base::value::Value;
use crate::template::expr::expression::Expression;
use crate::template::expr::reference::Pseudo;

/// Resolves names. Every lookup ignores case; `None` means that there is no such name, while a
/// value that is absent (an output of a skipped task) is `Some(Value::Null)`.
pub trait Scope {
    /// Returns a parameter's value.
    fn parameter(&self, name: &Name) -> Option<Value>;
    /// Returns a task's output.
    fn output(&self, task: &Name, output: &Name) -> Option<Value>;
    /// Returns a pseudo-parameter; `None` for a loop item outside of a loop.
    fn pseudo(&self, pseudo: Pseudo) -> Option<Value>;
    /// Returns an entry of the parameter store.
    fn stored(&self, path: &str) -> Option<Value>;
    /// Returns a secret entry of the parameter store.
    fn secret(&self, path: &str) -> Option<Value>;
    /// Returns a named condition of the template.
    fn condition(&self, name: &Name) -> Option<&Expression>;
}

/// A scope whose names are listed: for tests, and for places that know only a few names.
#[derive(Clone, Debug, Default)]
pub struct MapScope {
    parameters: HashMap<Name, Value>,
    outputs: HashMap<(Name, Name), Value>,
    pseudos: HashMap<Pseudo, Value>,
    stored: HashMap<String, Value>,
    secrets: HashMap<String, Value>,
    conditions: HashMap<Name, Expression>,
}

impl MapScope {
    /// Makes a scope without names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with_parameter(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Adds an output of a task.
    #[must_use]
    pub fn with_output(mut self, task: &str, output: &str, value: impl Into<Value>) -> Self {
        self.outputs
            .insert((task.into(), output.into()), value.into());
        self
    }

    /// Adds a pseudo-parameter.
    #[must_use]
    pub fn with_pseudo(mut self, pseudo: Pseudo, value: impl Into<Value>) -> Self {
        self.pseudos.insert(pseudo, value.into());
        self
    }

    /// Adds an entry of the parameter store.
    #[must_use]
    pub fn with_stored(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.stored.insert(path.to_owned(), value.into());
        self
    }

    /// Adds a secret entry of the parameter store.
    #[must_use]
    pub fn with_secret(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.secrets.insert(path.to_owned(), value.into());
        self
    }

    /// Adds a named condition.
    #[must_use]
    pub fn with_condition(mut self, name: &str, condition: Expression) -> Self {
        self.conditions.insert(name.into(), condition);
        self
    }
}

impl Scope for MapScope {
    fn parameter(&self, name: &Name) -> Option<Value> {
        self.parameters.get(name).cloned()
    }

    fn output(&self, task: &Name, output: &Name) -> Option<Value> {
        self.outputs.get(&(task.clone(), output.clone())).cloned()
    }

    fn pseudo(&self, pseudo: Pseudo) -> Option<Value> {
        self.pseudos.get(&pseudo).cloned()
    }

    fn stored(&self, path: &str) -> Option<Value> {
        self.stored.get(path).cloned()
    }

    fn secret(&self, path: &str) -> Option<Value> {
        self.secrets.get(path).cloned()
    }

    fn condition(&self, name: &Name) -> Option<&Expression> {
        self.conditions.get(name)
    }
}
