//! Hosts over SSH, against a real sshd.

mod server;
