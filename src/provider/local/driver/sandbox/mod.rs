//! Instances as Linux namespaces over an overlay.
//!
//! An instance is a user, mount, pid, uts and ipc namespace (the network is the host's) with a pid 1
//! of ours. It is meant for honest runbooks: it keeps mistakes away from the host, but nobody should
//! rely on it against code that attacks the kernel. Without a range of ids (an ordinary user) an
//! instance has no user but root. Processes inside may see the host's libraries that our helpers
//! are linked with, read-only, and nothing else of the host beyond what the image shows.

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
mod role;
mod serve;
mod shepherd;
mod skeleton;
mod spool;
mod stdio;
mod tree;
mod unpack;
mod wire;

pub use driver::Sandbox;
pub use entry::entry;
pub use probe::probe;
pub use role::ARGUMENT;
pub use unpack::Limits;
