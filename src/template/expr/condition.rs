//! Conditions: `When`, and the entries of `Conditions` (language reference 2.5 and 2.6).

use crate::template::expr::evaluate::{EvaluateError, Evaluation};
use crate::template::expr::expression::Expression;
use crate::template::expr::scope::Scope;

/// Evaluates a condition: `true` and `"true"` are true; `false`, `"false"`, `null` and `""` are
/// false; any other plain text names a condition of the template; all else is an error. A condition
/// that depends on itself is an error.
pub fn condition(expression: &Expression, scope: &dyn Scope) -> Result<bool, EvaluateError> {
    Evaluation::new(scope).condition(expression)
}
