//! What several themes need.

pub(crate) mod corpus;
pub(crate) mod cutter;
pub(crate) mod daemon;
pub(crate) mod fleet;
pub(crate) mod folder;
pub(crate) mod hosts;
pub(crate) mod listener;
pub(crate) mod machine;
pub(crate) mod memory;
pub(crate) mod mount;
pub(crate) mod oos;
pub(crate) mod sshd;
pub(crate) mod stage;
pub(crate) mod terminal;
