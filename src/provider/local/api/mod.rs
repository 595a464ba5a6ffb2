//! The APIs of the local cloud, one family a file, and the table that lists them.

mod assistant;
pub(super) mod command;
mod disk;
pub(super) mod entry;
mod file;
pub(super) mod image;
mod instance;
mod invocation;
mod launch;
mod modify;
mod power;
mod region;
mod resource_tag;
mod snapshot;
pub(super) mod table;
mod tag_service;
