//! The constraints of a parameter: allowed values, lengths and bounds.

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Spanned;
use crate::base::value::Value;
use crate::template::parse::section::{Section, wrong_kind};
use crate::template::yaml::{Node, NodeKind};

/// Reads `AllowedValues`.
pub(super) fn values(
    section: &Section<'_>,
    report: &mut Vec<Diagnostic>,
) -> Option<Spanned<Vec<Value>>> {
    let node = section.get("AllowedValues")?;
    let NodeKind::List(items) = &node.kind else {
        report.push(wrong_kind(
            node,
            &section.value_of("AllowedValues"),
            "a list",
        ));
        return None;
    };
    let values = items.iter().map(Node::to_value).collect();
    Some(Spanned::new(values, node.span))
}

/// Reads a number of characters; a text of digits counts.
pub(super) fn length(
    section: &Section<'_>,
    key: &str,
    report: &mut Vec<Diagnostic>,
) -> Option<Spanned<u64>> {
    let node = section.get(key)?;
    let length = match &node.kind {
        NodeKind::Number(number) => number.as_u64(),
        NodeKind::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    if length.is_none() {
        let what = section.value_of(key);
        report.push(wrong_kind(node, &what, "a number of characters"));
    }
    length.map(|length| Spanned::new(length, node.span))
}

/// Reads a number; a text that is one counts.
pub(super) fn bound(
    section: &Section<'_>,
    key: &str,
    report: &mut Vec<Diagnostic>,
) -> Option<Spanned<f64>> {
    let node = section.get(key)?;
    let bound = match &node.kind {
        NodeKind::Number(number) => number.as_f64(),
        NodeKind::Text(text) => text
            .trim()
            .parse()
            .ok()
            .filter(|bound: &f64| bound.is_finite()),
        _ => None,
    };
    if bound.is_none() {
        report.push(wrong_kind(node, &section.value_of(key), "a number"));
    }
    bound.map(|bound| Spanned::new(bound, node.span))
}
