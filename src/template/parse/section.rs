//! A map whose keys are known, and the readers for the plain values in it.

use crate::base::diagnostic::Diagnostic;
use crate::base::name::{Name, nearest};
use crate::base::source::{Span, Spanned};
use crate::base::value;
use crate::template::expr::Expression;
use crate::template::yaml::{Entry, Node, NodeKind};

/// Longest name of a parameter, task or output.
const NAME_LIMIT: usize = 200;

/// What becomes of keys that nobody knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// They change what runs, so they are errors.
    Refused,
    /// They only describe: a warning, unless they look like a misspelt known key.
    Ignored,
}

/// A map of the template, with the words that messages call it by.
pub(super) struct Section<'a> {
    entries: &'a [Entry],
    span: Span,
    what: String,
}

impl<'a> Section<'a> {
    /// Takes `node` as a map; reports if it is none.
    pub(super) fn open(
        node: &'a Node,
        what: impl Into<String>,
        report: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let what = what.into();
        let entries = entries(node, &what, report)?;
        Some(Self {
            entries,
            span: node.span,
            what,
        })
    }

    /// Reports every key that is not in `known`.
    pub(super) fn only(&self, known: &[&str], unknown: Unknown, report: &mut Vec<Diagnostic>) {
        for entry in self.entries {
            if known.contains(&entry.key.as_str()) {
                continue;
            }
            let message = format!("{} has no key `{}`", self.what, entry.key);
            let near = nearest(&entry.key, known.iter().copied());
            let problem = match (near, unknown) {
                (Some(near), _) => Diagnostic::error("unknown-key", entry.key_span, message)
                    .hint(format!("did you mean `{near}`?")),
                (None, Unknown::Refused) => {
                    Diagnostic::error("unknown-key", entry.key_span, message)
                        .hint(format!("known keys are `{}`", known.join("`, `")))
                }
                (None, Unknown::Ignored) => {
                    Diagnostic::warning("unknown-key", entry.key_span, message)
                        .hint("the key is ignored")
                }
            };
            report.push(problem);
        }
    }

    /// Returns the value of `key`; `null` counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
            .filter(|node| node.kind != NodeKind::Null)
    }

    /// Returns the value of `key`, `null` included.
    pub(super) fn get_or_null(&self, key: &str) -> Option<&'a Node> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// Returns the value of `key`; reports if it is absent, unless a misspelling of it is there,
    /// which [`only`](Self::only) reports.
    pub(super) fn required(&self, key: &str, report: &mut Vec<Diagnostic>) -> Option<&'a Node> {
        let found = self.get(key);
        let is_misspelt = |entry: &Entry| entry.key != key && nearest(&entry.key, [key]).is_some();
        if found.is_none() && !self.entries.iter().any(is_misspelt) {
            // The first key is where a reader looks for the map; its whole extent says nothing.
            let span = self
                .entries
                .first()
                .map_or(self.span, |entry| entry.key_span);
            report.push(
                Diagnostic::error(
                    "missing-key",
                    span,
                    format!("{} needs the key `{key}`", self.what),
                )
                .hint(format!("add `{key}: ...`")),
            );
        }
        found
    }

    /// Returns the text of `key`.
    pub(super) fn text(&self, key: &str, report: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
        text(self.get(key)?, &self.value_of(key), report)
    }

    /// Returns the truth of `key`; the texts `true` and `false` count.
    pub(super) fn boolean(&self, key: &str, report: &mut Vec<Diagnostic>) -> Option<bool> {
        let node = self.get(key)?;
        let truth = match &node.kind {
            NodeKind::Bool(truth) => Some(*truth),
            NodeKind::Text(text) if !text.is_empty() => value::truth(&node.to_value()),
            _ => None,
        };
        if truth.is_none() {
            report.push(wrong_kind(node, &self.value_of(key), "`true` or `false`"));
        }
        truth
    }

    /// Returns the expression under `key`.
    pub(super) fn expression(&self, key: &str, report: &mut Vec<Diagnostic>) -> Option<Expression> {
        self.get(key).map(|node| Expression::parse(node, report))
    }

    /// Returns the words for the value of `key`.
    pub(super) fn value_of(&self, key: &str) -> String {
        format!("`{key}` of {}", self.what)
    }
}

/// Takes `node` as a map; `null` is an empty one.
pub(super) fn entries<'a>(
    node: &'a Node,
    what: &str,
    report: &mut Vec<Diagnostic>,
) -> Option<&'a [Entry]> {
    match &node.kind {
        NodeKind::Map(entries) => Some(entries),
        NodeKind::Null => Some(&[]),
        _ => {
            report.push(wrong_kind(node, what, "a map"));
            None
        }
    }
}

/// Takes `node` as a text; reports if it is none.
pub(super) fn text(
    node: &Node,
    what: &str,
    report: &mut Vec<Diagnostic>,
) -> Option<Spanned<String>> {
    if let NodeKind::Text(text) = &node.kind {
        return Some(Spanned::new(text.clone(), node.span));
    }
    let problem = wrong_kind(node, what, "a string");
    report.push(match &node.kind {
        NodeKind::Bool(_) | NodeKind::Number(_) => problem.hint("put it in quotes"),
        _ => problem,
    });
    None
}

/// Makes the name of a parameter, task or output; reports if others could not refer to it.
pub(super) fn name(
    text: &str,
    span: Span,
    what: &str,
    report: &mut Vec<Diagnostic>,
) -> Spanned<Name> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if text.is_empty() || text.len() > NAME_LIMIT || !text.chars().all(legal) {
        report.push(
            Diagnostic::error(
                "invalid-name",
                span,
                format!("{what} cannot be called `{text}`"),
            )
            .hint(format!(
                "use 1 to {NAME_LIMIT} letters, digits, `_` and `-`"
            )),
        );
    }
    Spanned::new(Name::from(text), span)
}

/// Makes the diagnostic for a value of the wrong kind.
pub(super) fn wrong_kind(node: &Node, what: &str, expected: &str) -> Diagnostic {
    Diagnostic::error(
        "wrong-kind",
        node.span,
        format!("{what} is {}, not {expected}", node.kind_name()),
    )
}
