//! What of an expression tree is plain data, known without running anything.

use crate::base::value::Value;
use crate::template::yaml::{Entry, Node, NodeKind};

/// Returns the value of a tree in which nothing has to be evaluated.
pub(crate) fn literal(node: &Node) -> Option<Value> {
    (!is_dynamic(node)).then(|| node.to_value())
}

/// Returns the text of a node that is plain text.
pub(crate) fn literal_text(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Text(text) if !text.contains("{{") => Some(text),
        _ => None,
    }
}

/// Returns the entries of a map, unless the map is a function call.
pub(crate) fn map_entries(node: &Node) -> Option<&[Entry]> {
    match &node.kind {
        NodeKind::Map(entries) if !is_call(entries) => Some(entries),
        _ => None,
    }
}

/// Tells whether the tree holds a placeholder or a function call.
pub(crate) fn is_dynamic(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Text(text) => text.contains("{{"),
        NodeKind::List(nodes) => nodes.iter().any(is_dynamic),
        NodeKind::Map(entries) => {
            is_call(entries) || entries.iter().any(|entry| is_dynamic(&entry.value))
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => false,
    }
}

fn is_call(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| {
        entry
            .key
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("Fn::"))
    })
}

/// Returns the entry called `name`: by exact spelling first, then ignoring case.
pub(crate) fn entry<'a>(entries: &'a [Entry], name: &str) -> Option<&'a Entry> {
    entries.iter().find(|entry| entry.key == name).or_else(|| {
        entries
            .iter()
            .find(|entry| entry.key.eq_ignore_ascii_case(name))
    })
}
