//! The sandbox in real namespaces: what it keeps apart, what it promises about commands, layers.

mod command;
mod isolation;
mod layer;
mod life;
mod user;
mod world;
