//! Which key a host must have: files in OpenSSH's format of `known_hosts`, each read once and indexed,
//! with hashed names, wildcards, exceptions, authorities and revoked keys.

mod check;
mod error;
mod file;
mod kind;
mod learn;
mod line;
mod name;
mod store;
#[cfg(test)]
mod tests;

pub(super) use check::{HostCheck, Verdict};
pub use error::HostKeyError;
pub(super) use kind::Kinds;
pub(super) use store::KnownHosts;
