//! Tags: those of the standard's types choose a type, all others are refused.

use granit_parser::Tag;

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::template::yaml::node::NodeKind;
use crate::template::yaml::problem::custom_tag;
use crate::template::yaml::scalar::resolve;

/// Reads a scalar as its tag says.
pub(super) fn tagged(text: &str, tag: &Tag, span: Span) -> Result<NodeKind, Diagnostic> {
    if tag.parts() == ("", "!") || tag.parts() == ("!", "") {
        return Ok(NodeKind::Text(text.to_owned()));
    }
    let kind = match tag.core_suffix() {
        Some("str") => return Ok(NodeKind::Text(text.to_owned())),
        Some("null" | "bool" | "int" | "float") => resolve(text),
        _ => return Err(custom_tag(tag, span)),
    };
    let fits = match tag.core_suffix() {
        Some("null") => matches!(kind, NodeKind::Null),
        Some("bool") => matches!(kind, NodeKind::Bool(_)),
        Some("int") => matches!(&kind, NodeKind::Number(number) if !number.is_f64()),
        _ => matches!(kind, NodeKind::Number(_)),
    };
    if fits {
        return Ok(kind);
    }
    Err(Diagnostic::error(
        "custom-tag",
        span,
        format!("`{text}` is not what its tag `{}` says", tag.original()),
    ))
}
