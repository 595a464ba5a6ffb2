//! Executions while they happen: what is read from the journal, folded for the eye, and drawn.

mod follower;
mod lines;
mod lock;
mod model;
mod tree;

pub(super) use follower::Follower;
pub(super) use lines::print_changes;
pub(super) use model::Change;
pub(super) use tree::Tree;
