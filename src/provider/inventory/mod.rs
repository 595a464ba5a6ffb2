//! Inventories: which hosts there are, in which groups, and how each is reached.

mod host;

pub use host::{Host, Inventory};
