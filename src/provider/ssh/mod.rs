//! SSH: hosts that exist, reached as they are.
//!
//! A [`Connector`] is shared by the process. It gives out [`Connection`]s, each of which runs commands
//! and takes files; one that is done with is kept for the next command on the same host. What went
//! wrong is an [`SshError`], which says its class and whether a command may have been started.

mod attempt;
mod command;
mod configuration;
mod connection;
mod connector;
mod dial;
mod endpoint;
mod error;
mod guard;
mod jump;
mod known_hosts;
mod limiter;
mod link;
mod login;
mod pool;
mod secrets;
mod settings;
pub mod supervisor;
mod transfer;
mod wire;

pub use command::{Collected, Event, Exit, RemoteCommand};
pub use connection::Connection;
pub use connector::Connector;
pub use endpoint::{Elevation, Endpoint, HostKeyPolicy, HostKeys, Limits};
pub use error::{SshError, Started};
pub use known_hosts::HostKeyError;
pub use login::IdentityError;
pub use secrets::{SecretError, Secrets};
pub use settings::ConnectorSettings;
pub use transfer::FileToSend;
