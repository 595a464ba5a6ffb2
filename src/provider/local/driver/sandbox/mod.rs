//! Instances as Linux namespaces over an overlay.
//!
//! An instance is a user, mount, pid, uts and ipc namespace (the network is the host's) with a pid 1
//! of ours. It is meant for honest runbooks: it keeps mistakes away from the host, but whoever
//! attacks the kernel from inside is not what it was built against. See
//! `docs/decisions` for what was weighed.

mod account;
mod command;
mod control;
mod driver;
mod entry;
mod failure;
mod file;
mod ids;
mod init;
mod instance;
mod invocation;
mod launch;
mod layer;
mod layout;
mod loader;
mod mounts;
mod pack;
mod probe;
mod process;
mod serve;
mod shepherd;
mod skeleton;
mod spool;
mod tree;
mod unpack;
mod wire;

pub use driver::Sandbox;
pub use entry::{ARGUMENT, entry};
pub use probe::probe;
pub use unpack::Limits;
#[cfg(feature = "test-seams")]
pub use unpack::unpack_here;
