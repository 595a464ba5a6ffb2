//! What the names in an expression stand for while it is evaluated.

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
    /// Returns a named condition of the template.
    fn condition(&self, name: &Name) -> Option<&Expression>;
}
