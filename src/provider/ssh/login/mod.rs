//! Getting in: key files, the agent, certificates, passwords.

mod agent;
mod identity;
mod keyring;
mod method;

pub use identity::IdentityError;
pub(super) use keyring::Keyring;
pub(super) use method::{LoginError, log_in};
