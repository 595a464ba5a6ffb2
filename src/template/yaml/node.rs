//! The spanned tree: plain data and places, no tags, no anchors left.

use crate::base::name;
use crate::base::source::Span;
use crate::base::value::{Map, Number, Value};

/// A value and where it was written.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: NodeKind,
}

/// The kinds of values.
#[derive(Clone, PartialEq, Debug)]
pub enum NodeKind {
    /// Nothing, or the word `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number or a fraction.
    Number(Number),
    /// A text.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping; keys are unique texts in the order of writing.
    Map(Vec<Entry>),
}

/// A key of a mapping with its value.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key was written.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Returns the value without places.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(truth) => Value::Bool(*truth),
            NodeKind::Number(number) => Value::Number(number.clone()),
            NodeKind::Text(text) => Value::String(text.clone()),
            NodeKind::List(nodes) => nodes.iter().map(Self::to_value).collect(),
            NodeKind::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_value()))
                    .collect::<Map>(),
            ),
        }
    }

    /// Returns the value under `name` of a mapping, by exact spelling first, then ignoring case: what
    /// a run takes for the property of that name.
    pub fn property(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            NodeKind::Map(entries) => {
                let entries = entries.iter();
                name::find(
                    entries.map(|entry| (entry.key.as_str(), &entry.value)),
                    name,
                )
            }
            _ => None,
        }
    }

    /// Returns the value under `key` of a mapping, spelt exactly so: the keys of the language itself.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            NodeKind::Map(entries) => entries
                .iter()
                .find(|entry| entry.key == key)
                .map(|entry| &entry.value),
            _ => None,
        }
    }

    /// Returns the word for the kind of the value that messages use.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            NodeKind::Null => "null",
            NodeKind::Bool(_) => "a boolean",
            NodeKind::Number(_) => "a number",
            NodeKind::Text(_) => "a string",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a map",
        }
    }
}
