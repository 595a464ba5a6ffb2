//! What OpenSSH's client is configured with: options, and configuration files as inventories.

pub(super) mod config;
pub(super) mod option;
