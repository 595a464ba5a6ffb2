//! From arguments to parameter values: matching, defaults, coercion, constraints
//! (language reference 1.4).

use crate::base::value::Map;
use crate::template::expr::Scope;
use crate::template::model::Template;

/// One argument or parameter that does not fit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct BindError {
    /// The parameter, or the name that is no parameter.
    pub parameter: String,
    /// What is wrong: a lower-case fragment that names the parameter; secret values are masked.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// How strictly arguments are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strictness {
    /// Arguments of a person: unknown names and wrong types are errors.
    TopLevel,
    /// Properties of a task that calls a template: lists and maps may stand in for strings.
    Nested,
}

/// Binds `arguments` to the parameters of `template`: every declared parameter gets a value, in
/// order of declaration. `scope` resolves the pseudo-parameters in defaults. All problems are
/// reported at once.
pub fn bind(
    template: &Template,
    arguments: &Map,
    strictness: Strictness,
    scope: &dyn Scope,
) -> Result<Map, Vec<BindError>> {
    let _ = (template, arguments, strictness, scope);
    Ok(Map::new())
}
