//! YAML and JSON texts as a tree that knows where everything was written.
//!
//! Reading is bounded in time and memory for every text: size, depth, number of values and the
//! expansion of aliases have limits. Nothing here knows what a template is.

mod compose;
mod json;
pub mod limit;
mod merge;
pub mod node;
mod problem;
mod read;
mod repair;
mod scalar;
mod size;
mod syntax;
mod tag;
#[cfg(test)]
mod tests;
mod unique;

pub use limit::{Dialect, Rules};
pub use node::{Entry, Node, NodeKind};
pub use read::{Unreadable, read, read_as, read_source};
pub use tag::VAULTED;
