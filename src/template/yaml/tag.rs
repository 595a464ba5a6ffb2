//! Tags: those of the standard's types choose a type, all others are refused.

use granit_parser::Tag;

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::template::yaml::limit::Dialect;
use crate::template::yaml::node::{Entry, Node, NodeKind};
use crate::template::yaml::problem::custom_tag;
use crate::template::yaml::scalar::resolve_as;

/// Reads a scalar as its tag says.
pub(super) fn tagged(
    text: &str,
    tag: &Tag,
    dialect: Dialect,
    span: Span,
) -> Result<NodeKind, Diagnostic> {
    if dialect == Dialect::Ansible {
        match tag.parts() {
            ("!", "unsafe") => return Ok(NodeKind::Text(text.to_owned())),
            ("!", "vault" | "vault-encrypted") => return Ok(vaulted(text, span)),
            _ => {}
        }
    }
    if tag.parts() == ("", "!") || tag.parts() == ("!", "") {
        return Ok(NodeKind::Text(text.to_owned()));
    }
    let kind = match tag.core_suffix() {
        Some("str") => return Ok(NodeKind::Text(text.to_owned())),
        Some("null" | "bool" | "int" | "float") => resolve_as(text, dialect),
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

/// The key under which Ansible shows a text that it has not decrypted.
pub const VAULTED: &str = "__ansible_vault";

/// Returns an encrypted text as Ansible shows it.
fn vaulted(text: &str, span: Span) -> NodeKind {
    NodeKind::Map(vec![Entry {
        key: VAULTED.to_owned(),
        key_span: span,
        value: Node {
            span,
            kind: NodeKind::Text(text.to_owned()),
        },
    }])
}
