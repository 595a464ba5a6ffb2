//! Hosts over SSH, against a real sshd.

mod exec;
mod fleet;
mod server;
