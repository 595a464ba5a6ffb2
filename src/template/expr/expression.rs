//! An expression tree: literals, texts with placeholders, function calls, lists and maps.

use crate::base::diagnostic::Diagnostic;
use crate::base::source::{Span, Spanned};
use crate::base::value::Value;
use crate::template::expr::reference::Reference;
use crate::template::expr::scope::Scope;
use crate::template::yaml::Node;

/// An expression, parsed once; evaluating it needs no text any more.
#[derive(Clone, PartialEq, Debug)]
pub struct Expression {
    node: Node,
}

impl Expression {
    /// Parses the tree below `node`. Problems (an unknown function, a wrong number of arguments, a
    /// broken placeholder) go to `report`; the expression then evaluates to an error.
    pub fn parse(node: &Node, report: &mut Vec<Diagnostic>) -> Self {
        let _ = report;
        Self { node: node.clone() }
    }

    /// Returns where the expression was written.
    pub fn span(&self) -> Span {
        self.node.span
    }

    /// Returns the tree that the expression was parsed from.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Returns the value if nothing in the expression needs to be evaluated.
    pub fn as_literal(&self) -> Option<Value> {
        None
    }

    /// Returns every reference in the expression with its place, those in branches that may not be
    /// taken included.
    pub fn references(&self) -> Vec<Spanned<Reference>> {
        Vec::new()
    }

    /// Evaluates. Map entries whose value is `null` are dropped at every level.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluateError> {
        let _ = scope;
        Err(EvaluateError {
            path: String::new(),
            message: String::new(),
        })
    }
}

/// An expression that has no value.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}{}", if .path.is_empty() { String::new() } else { format!(" (at `{}`)", .path) })]
pub struct EvaluateError {
    /// Keys and indices from the root of the expression: `Parameters.InstanceIds[0]`.
    pub path: String,
    /// What went wrong: a lower-case fragment.
    pub message: String,
}
