//! Hosts over SSH, against a real sshd.

mod exec;
mod fleet;
mod host_keys;
mod hostile;
mod jump;
mod limits;
mod login;
mod server;
mod supervised;
mod transfer;
