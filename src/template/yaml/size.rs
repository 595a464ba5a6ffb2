//! What repeating a value costs.

use crate::template::yaml::node::{Node, NodeKind};

/// The extent of a value with everything in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Size {
    /// Values, the outermost included.
    pub(super) nodes: usize,
    /// Bytes of texts and keys.
    pub(super) bytes: usize,
    /// Levels of lists and maps.
    pub(super) height: usize,
}

impl Size {
    /// Measures a value.
    pub(super) fn of(node: &Node) -> Self {
        let mut size = Self {
            nodes: 1,
            ..Self::default()
        };
        match &node.kind {
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => {}
            NodeKind::Text(text) => size.bytes = text.len(),
            NodeKind::List(items) => size.hold(items.iter()),
            NodeKind::Map(entries) => {
                size.bytes = entries.iter().map(|entry| entry.key.len()).sum();
                size.hold(entries.iter().map(|entry| &entry.value));
            }
        }
        size
    }

    fn hold<'a>(&mut self, children: impl Iterator<Item = &'a Node>) {
        let mut deepest = 0;
        for child in children.map(Self::of) {
            self.nodes += child.nodes;
            self.bytes += child.bytes;
            deepest = deepest.max(child.height);
        }
        self.height = deepest + 1;
    }
}
