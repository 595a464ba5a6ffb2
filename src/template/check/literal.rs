//! What of an expression is known without evaluating it.

use crate::base::name;
use crate::template::expr::{Expression, MapEntry};
use crate::template::yaml::NodeKind;

/// Tells whether `null` is written, which counts as absent.
pub(crate) fn is_null(expression: &Expression) -> bool {
    expression.node().kind == NodeKind::Null
}

/// Returns the text that is written, if it is one without anything to evaluate.
pub(crate) fn literal_text(expression: &Expression) -> Option<&str> {
    match &expression.node().kind {
        NodeKind::Text(text) if expression.as_literal().is_some() => Some(text),
        _ => None,
    }
}

/// Returns the entry called `name`, by exact spelling first, then ignoring case.
pub(crate) fn entry<'a>(entries: &'a [MapEntry], name: &str) -> Option<&'a MapEntry> {
    name::find(
        entries.iter().map(|entry| (entry.key.as_str(), entry)),
        name,
    )
}
