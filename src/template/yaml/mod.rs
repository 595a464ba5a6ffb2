//! YAML and JSON texts as a tree that knows where everything was written.

pub mod node;

pub use node::{Entry, Node, NodeKind};
