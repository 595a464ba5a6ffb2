//! YAML and JSON texts of inventories, with places, and the small words for reading them.

use std::sync::Arc;

use crate::base::name::nearest;
use crate::base::source::{Source, Span};
use crate::base::value::{Value, text};
use crate::provider::inventory::problem::{Findings, Origin, Problem};
use crate::template::yaml::{Dialect, Entry, Node, NodeKind, Rules, read_as};

/// The largest text of an inventory, in bytes: a million hosts fit.
pub(super) const LARGEST: usize = 64 << 20;

/// The most values of an inventory: forty for each of a hundred thousand hosts.
const MOST_VALUES: usize = 4_000_000;

/// Reads a text. Problems go to `findings`; `None` means that there is no tree.
pub(super) fn read(source: &Source, dialect: Dialect, findings: &mut Findings) -> Option<Node> {
    let rules = Rules {
        size: LARGEST,
        nodes: MOST_VALUES,
        expansion: LARGEST,
        dialect,
    };
    let mut report = Vec::new();
    let node = read_as(source, &rules, &mut report);
    let mut is_sound = true;
    for found in report {
        let problem = Problem::at(source, found.span, found.message.clone());
        let problem = match &found.hint {
            Some(hint) => problem.hint(hint.clone()),
            None => problem,
        };
        if found.is_error() {
            is_sound = false;
            findings.error(problem);
        } else {
            findings.warn(problem);
        }
    }
    node.filter(|_| is_sound)
}

/// Returns where a span begins, as the origin of what is named there.
pub(super) fn origin(name: &Arc<str>, source: &Source, span: Span) -> Origin {
    Origin {
        source: Arc::clone(name),
        line: u32::try_from(source.position(span.start).line).unwrap_or(0),
    }
}

/// Returns the entries of a map; nothing is an empty one.
pub(super) fn entries<'a>(
    node: &'a Node,
    what: &str,
    source: &Source,
) -> Result<&'a [Entry], Problem> {
    match &node.kind {
        NodeKind::Map(entries) => Ok(entries),
        NodeKind::Null => Ok(&[]),
        _ => Err(expected(node, what, "a map", source)),
    }
}

/// Makes the problem of a value of the wrong kind.
pub(super) fn expected(node: &Node, what: &str, kind: &str, source: &Source) -> Problem {
    let why = format!("{what} must be {kind}, not {}", node.kind_name());
    Problem::at(source, node.span, why)
}

/// Makes the problem of a key that is not known.
pub(super) fn unknown_key(entry: &Entry, known: &[&str], source: &Source) -> Problem {
    let problem = Problem::at(
        source,
        entry.key_span,
        format!("unknown key `{}`", entry.key),
    );
    match nearest(&entry.key, known.iter().copied()) {
        Some(near) => problem.suggest(Some(near)),
        None => problem.hint(format!("expected one of {}", known.join(", "))),
    }
}

/// Returns the text of a scalar.
pub(super) fn scalar(node: &Node, what: &str, source: &Source) -> Result<String, Problem> {
    match &node.kind {
        NodeKind::Text(_) | NodeKind::Number(_) | NodeKind::Bool(_) => Ok(text(&node.to_value())),
        _ => Err(expected(node, what, "a text", source)),
    }
}

/// Returns the texts of a list; one text is a list of one.
pub(super) fn texts(
    node: &Node,
    what: &str,
    source: &Source,
) -> Result<Vec<(String, Span)>, Problem> {
    match &node.kind {
        NodeKind::Null => Ok(Vec::new()),
        NodeKind::List(nodes) => nodes
            .iter()
            .map(|node| Ok((scalar(node, what, source)?, node.span)))
            .collect(),
        _ => Ok(vec![(scalar(node, what, source)?, node.span)]),
    }
}

/// Returns a boolean.
pub(super) fn boolean(node: &Node, what: &str, source: &Source) -> Result<bool, Problem> {
    match &node.to_value() {
        Value::Bool(truth) => Ok(*truth),
        _ => Err(expected(node, what, "`true` or `false`", source)),
    }
}
