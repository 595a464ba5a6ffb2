//! `Conditions`.

use crate::base::diagnostic::Diagnostic;
use crate::template::expr::Expression;
use crate::template::model::NamedExpression;
use crate::template::parse::section::{Section, entries, name};

/// Reads the named conditions.
pub(super) fn read(document: &Section<'_>, report: &mut Vec<Diagnostic>) -> Vec<NamedExpression> {
    let Some(node) = document.get("Conditions") else {
        return Vec::new();
    };
    entries(node, "`Conditions`", report)
        .unwrap_or_default()
        .iter()
        .map(|entry| NamedExpression {
            name: name(&entry.key, entry.key_span, "a condition", report),
            expression: Expression::parse(&entry.value, report),
        })
        .collect()
}
