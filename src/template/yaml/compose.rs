//! From the events of the YAML parser to a tree: scalars resolved, aliases and merge keys replaced
//! by what they stand for, everything counted against the limits.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, StructureStyle, Tag};

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::template::yaml::limit::{DEPTH_LIMIT, Rules};
use crate::template::yaml::merge::merge;
use crate::template::yaml::node::{Entry, Node, NodeKind};
use crate::template::yaml::problem::{custom_tag, inexact, key_not_text, too_deep, too_many};
use crate::template::yaml::repair::Repaired;
use crate::template::yaml::scalar::{is_inexact, resolve_as};
use crate::template::yaml::size::Size;
use crate::template::yaml::tag::tagged;
use crate::template::yaml::unique::unique;

/// Why composing ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The parser found an error; a repair of the text may cure it.
    Syntax(ScanError),
    /// The tree is refused.
    Refused(Box<Diagnostic>),
}

/// Composes the only document of a text; an empty text is null. What does not stop the composer
/// goes to `report`.
pub(super) fn compose(
    repaired: &Repaired<'_>,
    rules: &Rules,
    report: &mut Vec<Diagnostic>,
) -> Result<Node, Stop> {
    let mut composer = Composer {
        rules,
        report,
        open: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        nodes: 0,
        expansion: 0,
    };
    for next in Parser::new_from_str_with_options(repaired.text(), options()) {
        let (event, span) = next.map_err(Stop::Syntax)?;
        let range = span.byte_range().unwrap_or_default();
        let place = Span::new(repaired.original(range.start), repaired.original(range.end));
        composer
            .event(event, place)
            .map_err(|problem| Stop::Refused(Box::new(problem)))?;
    }
    Ok(composer.root.unwrap_or(Node {
        span: Span::default(),
        kind: NodeKind::Null,
    }))
}

fn options() -> Options {
    granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: DEPTH_LIMIT,
        block_nesting_limit: DEPTH_LIMIT,
    }
}

struct Composer<'a> {
    rules: &'a Rules,
    report: &'a mut Vec<Diagnostic>,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    root: Option<Node>,
    nodes: usize,
    expansion: usize,
}

/// A collection whose end has not come yet.
struct Open {
    start: Span,
    anchor: usize,
    style: StructureStyle,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// The key that waits for its value.
        key: Option<Key>,
        /// The values of the key `<<`.
        merges: Vec<Node>,
    },
}

enum Key {
    Text(String, Span),
    Merge,
}

struct Anchored {
    node: Node,
    size: Size,
}

impl Composer<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => Err(Diagnostic::error(
                "several-documents",
                span,
                "the text holds more than one document",
            )
            .hint("keep one template a file")),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(style, anchor, tag) => {
                let content = Content::List(Vec::new());
                self.start(style, anchor, tag.as_deref(), "seq", content, span)
            }
            Event::MappingStart(style, anchor, tag) => {
                let content = Content::Map {
                    entries: Vec::new(),
                    key: None,
                    merges: Vec::new(),
                };
                self.start(style, anchor, tag.as_deref(), "map", content, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            // Starts and ends of the stream and what a later parser may add carry no value.
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), Diagnostic> {
        let plain = style == ScalarStyle::Plain;
        let kind = match tag {
            None if plain => resolve_as(text, self.rules.dialect),
            None => NodeKind::Text(text.to_owned()),
            Some(tag) => tagged(text, tag, self.rules.dialect, span)?,
        };
        if let Some(key) = self.awaited_key() {
            if plain && tag.is_none() && text == "<<" {
                *key = Some(Key::Merge);
                return Ok(());
            }
            // A key that is not written comes as a null without extent.
            if plain && span.start == span.end {
                return Err(key_not_text(span));
            }
            // A key is a name, so `on:` and `1:` mean what is written.
            *key = Some(Key::Text(text.to_owned(), span));
            if anchor != 0 {
                let kind = NodeKind::Text(text.to_owned());
                self.remember(anchor, &Node { span, kind })?;
            }
            return Ok(());
        }
        if let NodeKind::Number(number) = &kind
            && is_inexact(text, number)
        {
            self.report.push(inexact(text, span));
        }
        self.put(Node { span, kind }, anchor)
    }

    fn start(
        &mut self,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&Tag>,
        expected: &str,
        content: Content,
        span: Span,
    ) -> Result<(), Diagnostic> {
        if let Some(tag) = tag
            && tag.core_suffix() != Some(expected)
        {
            return Err(custom_tag(tag, span));
        }
        if self.awaited_key().is_some() {
            return Err(key_not_text(span));
        }
        if self.open.len() >= DEPTH_LIMIT {
            return Err(too_deep(span));
        }
        self.open.push(Open {
            start: span,
            anchor,
            style,
            content,
        });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), Diagnostic> {
        let open = self
            .open
            .pop()
            .expect("the parser ends only collections that it has started");
        let (kind, last) = match open.content {
            Content::List(items) => {
                let last = items.last().map(|item| item.span.end);
                (NodeKind::List(items), last)
            }
            Content::Map {
                entries, merges, ..
            } => {
                let last = entries.last().map(|entry| entry.value.span.end);
                let entries = merge(unique(entries, self.report), merges, self.report);
                (NodeKind::Map(entries), last)
            }
        };
        // A block collection "ends" where the next token stands; its last value is the better end.
        let end = match open.style {
            StructureStyle::Flow => span.end,
            StructureStyle::Block => last.unwrap_or(span.end),
        };
        let span = Span::new(open.start.start, end);
        self.put(Node { span, kind }, open.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Diagnostic> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(Diagnostic::error(
                "recursive-alias",
                span,
                "the alias stands inside of the value that it repeats",
            ));
        };
        let (node, size) = (&anchored.node, anchored.size);
        if let Some(Open {
            content: Content::Map { key, .. },
            ..
        }) = self.open.last_mut()
            && key.is_none()
        {
            let NodeKind::Text(text) = &node.kind else {
                return Err(key_not_text(span));
            };
            let text = text.clone();
            *key = Some(Key::Text(text, span));
            return self.spend(size, span);
        }
        if self.open.len() + size.height > DEPTH_LIMIT {
            return Err(too_deep(span));
        }
        let node = node.clone();
        self.spend(size, span)?;
        self.put(node, 0)
    }

    /// Puts a complete value where it belongs.
    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.nodes += 1;
        if self.nodes > self.rules.nodes {
            return Err(too_many(self.rules.nodes, node.span));
        }
        if anchor != 0 {
            self.remember(anchor, &node)?;
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map {
                entries,
                key,
                merges,
            }) => match key.take() {
                Some(Key::Text(key, key_span)) => entries.push(Entry {
                    key,
                    key_span,
                    value: node,
                }),
                Some(Key::Merge) => merges.push(node),
                None => return Err(key_not_text(node.span)),
            },
        }
        Ok(())
    }

    /// Keeps a copy of an anchored value; copies cost as much as aliases.
    fn remember(&mut self, anchor: usize, node: &Node) -> Result<(), Diagnostic> {
        let size = Size::of(node);
        self.spend(size, node.span)?;
        let node = node.clone();
        self.anchors.insert(anchor, Anchored { node, size });
        Ok(())
    }

    fn spend(&mut self, size: Size, span: Span) -> Result<(), Diagnostic> {
        self.nodes = self.nodes.saturating_add(size.nodes);
        self.expansion = self.expansion.saturating_add(size.bytes);
        let Rules {
            nodes, expansion, ..
        } = *self.rules;
        if self.nodes > nodes || self.expansion > expansion {
            return Err(Diagnostic::error(
                "alias-expansion",
                span,
                format!("anchors and aliases repeat more than {nodes} values or {expansion} bytes"),
            ));
        }
        Ok(())
    }

    /// Returns the place for the next key, if a key comes next.
    fn awaited_key(&mut self) -> Option<&mut Option<Key>> {
        match &mut self.open.last_mut()?.content {
            Content::Map { key, .. } if key.is_none() => Some(key),
            Content::Map { .. } | Content::List(_) => None,
        }
    }
}
