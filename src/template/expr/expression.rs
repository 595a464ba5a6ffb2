//! An expression tree: literals, texts with placeholders, function calls, lists and maps.
//!
//! Only the data and what can be read from it; `parser` makes it and `evaluate` runs it.

use std::sync::Arc;

use crate::base::name;
use crate::base::source::{Span, Spanned};
use crate::base::value::Value;
use crate::template::expr::function::Signature;
use crate::template::expr::jinja::JinjaExpression;
use crate::template::expr::reference::Reference;
use crate::template::yaml::{Entry, Node, NodeKind};

/// An expression, parsed once; evaluating it needs no text any more. Cheap to clone; two
/// expressions are equal if they were written alike.
#[derive(Clone, Debug)]
pub struct Expression(pub(super) Arc<Parsed>);

/// What an [`Expression`] shares between its clones.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) node: Node,
    pub(super) kind: Kind,
    /// The value, if nothing below needs to be evaluated.
    pub(super) literal: Option<Value>,
}

/// What an expression is.
#[derive(Debug)]
pub(super) enum Kind {
    /// A scalar without placeholders.
    Scalar,
    /// A text with placeholders in it.
    Text(Vec<Segment>),
    /// A text that is one placeholder: its value keeps its type.
    Whole(Placeholder),
    /// A function call.
    Call(Call),
    /// A list.
    List(Vec<Expression>),
    /// A map; keys are texts.
    Map(Vec<MapEntry>),
    /// Something that was reported as wrong; evaluating it is this error.
    Broken(String),
}

/// A piece of a text.
#[derive(Debug)]
pub(super) enum Segment {
    /// Stays as it is.
    Text(String),
    /// Is replaced by the text of its value.
    Placeholder(Placeholder),
}

/// A placeholder with its place.
#[derive(Debug)]
pub(super) struct Placeholder {
    /// Where it stands; for texts that are folded or escaped the whole scalar.
    pub(super) span: Span,
    /// As it was written.
    pub(super) raw: String,
    /// What it says.
    pub(super) body: Body,
}

/// What a placeholder says.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// A reference of the language.
    Reference(Reference),
    /// A minijinja expression; if its names do not all resolve the placeholder stays as it is.
    Jinja(JinjaExpression),
}

/// A call of a function.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) signature: &'static Signature,
    pub(super) arguments: Arguments,
}

/// The arguments of a call, as they were written.
#[derive(Debug)]
pub(super) enum Arguments {
    /// One by one.
    Each(Vec<Expression>),
    /// As an expression that yields them.
    Whole(Expression),
}

/// An entry of a literal map.
#[derive(Clone, PartialEq, Debug)]
pub struct MapEntry {
    /// The key.
    pub key: String,
    /// Where the key was written.
    pub key_span: Span,
    /// The value.
    pub value: Expression,
}

/// A function call in an expression.
#[derive(Clone, Copy, Debug)]
pub struct FunctionCall {
    /// Which function.
    pub signature: &'static Signature,
    /// Where the call was written.
    pub span: Span,
}

impl Expression {
    /// Makes an expression without a place in a text that evaluates to `value`.
    pub fn literal(value: Value) -> Self {
        let node = node_of(&value);
        let kind = match &node.kind {
            NodeKind::List(nodes) => Kind::List(
                nodes
                    .iter()
                    .map(|node| Self::literal(node.to_value()))
                    .collect(),
            ),
            NodeKind::Map(entries) => Kind::Map(
                entries
                    .iter()
                    .map(|entry| MapEntry {
                        key: entry.key.clone(),
                        key_span: entry.key_span,
                        value: Self::literal(entry.value.to_value()),
                    })
                    .collect(),
            ),
            _ => Kind::Scalar,
        };
        Self(Arc::new(Parsed {
            node,
            kind,
            literal: Some(value),
        }))
    }

    /// Returns where the expression was written.
    pub fn span(&self) -> Span {
        self.0.node.span
    }

    /// Returns the tree that the expression was parsed from.
    pub fn node(&self) -> &Node {
        &self.0.node
    }

    /// Returns the value if nothing in the expression needs to be evaluated.
    pub fn as_literal(&self) -> Option<Value> {
        self.0.literal.clone()
    }

    /// Tells whether the expression is a function call.
    pub fn is_function(&self) -> bool {
        matches!(self.0.kind, Kind::Call(_))
    }

    /// Tells whether the expression is one placeholder, so that its value may have any type.
    pub fn is_placeholder(&self) -> bool {
        matches!(self.0.kind, Kind::Whole(_))
    }

    /// Returns the entries of a literal map in order; `None` if it is none.
    pub fn entries(&self) -> Option<&[MapEntry]> {
        match &self.0.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Returns the elements of a literal list in order; `None` if it is none.
    pub fn elements(&self) -> Option<&[Self]> {
        match &self.0.kind {
            Kind::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// Returns the value under `key` of a literal map; exact spelling first, then ignoring case.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let entries = self.entries()?.iter();
        name::find(entries.map(|entry| (entry.key.as_str(), &entry.value)), key)
    }

    /// Returns every reference in the expression with its place, those in branches that may not be
    /// taken and those in minijinja expressions included.
    pub fn references(&self) -> Vec<Spanned<Reference>> {
        self.placeholders(|body| match body {
            Body::Reference(reference) => vec![reference.clone()],
            Body::Jinja(expression) => expression.references().collect(),
        })
    }

    /// Returns the references in minijinja expressions: a part of [`references`](Self::references).
    /// One of these that does not resolve is no error: its placeholder stays as it is, since the
    /// text may be meant for another tool.
    pub fn optional_references(&self) -> Vec<Spanned<Reference>> {
        self.placeholders(|body| match body {
            Body::Reference(_) => Vec::new(),
            Body::Jinja(expression) => expression.references().collect(),
        })
    }

    /// Returns the places of minijinja expressions and of calls of functions that only this
    /// program knows: the vendor's service refuses them.
    pub fn extensions(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        self.walk(&mut |part| match &part.0.kind {
            Kind::Call(call) if call.signature.name == "Jinja" => spans.push(part.span()),
            _ => spans.extend(part.own_placeholders().filter_map(|placeholder| {
                matches!(placeholder.body, Body::Jinja(_)).then_some(placeholder.span)
            })),
        });
        spans
    }

    /// Returns every function call in the expression, outer ones first.
    pub fn calls(&self) -> Vec<FunctionCall> {
        let mut calls = Vec::new();
        self.walk(&mut |part| {
            if let Kind::Call(call) = &part.0.kind {
                calls.push(FunctionCall {
                    signature: call.signature,
                    span: part.span(),
                });
            }
        });
        calls
    }

    fn placeholders(
        &self,
        references: impl Fn(&Body) -> Vec<Reference>,
    ) -> Vec<Spanned<Reference>> {
        let mut found = Vec::new();
        self.walk(&mut |part| {
            for placeholder in part.own_placeholders() {
                let all = references(&placeholder.body).into_iter();
                found.extend(all.map(|reference| Spanned::new(reference, placeholder.span)));
            }
        });
        found
    }

    /// The placeholders of this text itself.
    fn own_placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        let (whole, segments) = match &self.0.kind {
            Kind::Whole(placeholder) => (Some(placeholder), [].as_slice()),
            Kind::Text(segments) => (None, segments.as_slice()),
            _ => (None, [].as_slice()),
        };
        whole
            .into_iter()
            .chain(segments.iter().filter_map(|segment| match segment {
                Segment::Placeholder(placeholder) => Some(placeholder),
                Segment::Text(_) => None,
            }))
    }

    /// Visits the expression and everything below it in order of writing.
    fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match &self.0.kind {
            Kind::Scalar | Kind::Text(_) | Kind::Whole(_) | Kind::Broken(_) => {}
            Kind::Call(call) => match &call.arguments {
                Arguments::Each(arguments) => {
                    for argument in arguments {
                        argument.walk(visit);
                    }
                }
                Arguments::Whole(argument) => argument.walk(visit),
            },
            Kind::List(elements) => {
                for element in elements {
                    element.walk(visit);
                }
            }
            Kind::Map(entries) => {
                for entry in entries {
                    entry.value.walk(visit);
                }
            }
        }
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.node == other.0.node
    }
}

/// The tree that stands for a value, without places.
pub(super) fn node_of(value: &Value) -> Node {
    let kind = match value {
        Value::Null => NodeKind::Null,
        Value::Bool(truth) => NodeKind::Bool(*truth),
        Value::Number(number) => NodeKind::Number(number.clone()),
        Value::String(text) => NodeKind::Text(text.clone()),
        Value::Array(elements) => NodeKind::List(elements.iter().map(node_of).collect()),
        Value::Object(entries) => NodeKind::Map(
            entries
                .iter()
                .map(|(key, value)| Entry {
                    key: key.clone(),
                    key_span: Span::default(),
                    value: node_of(value),
                })
                .collect(),
        ),
    };
    Node {
        span: Span::default(),
        kind,
    }
}
