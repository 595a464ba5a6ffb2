//! What a connector goes by: whose keys, and how much at once.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// Connections that are open at once, unless something else is said. Ten thousand take about 600 MB.
const OPEN: usize = 10_000;

/// Connections that are kept for a next command, unless something else is said.
const KEPT: usize = 1_000;

/// How long a connection is kept without use. Shorter than what firewalls forget a quiet link in.
const KEPT_FOR: Duration = Duration::from_mins(2);

/// How often a host is dialed that refuses or resets before the login. Servers that are asked too much
/// at once (`MaxStartups`) do so.
const ATTEMPTS: u32 = 3;

/// What a connector goes by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnectorSettings {
    /// The login user where an endpoint names none.
    pub user: String,
    /// The home folder, for the usual key files and known hosts.
    pub home: Option<PathBuf>,
    /// The socket of the agent.
    pub agent: Option<PathBuf>,
    /// Most connections open at once, with those that are kept. Those to jump hosts come on top, one
    /// for every 64 hosts behind it.
    pub open: usize,
    /// Most new connections a second.
    pub rate: Option<NonZeroU32>,
    /// Most connections kept for a next command.
    pub kept: usize,
    /// How long one is kept, and a connection to a jump host that no host behind it uses.
    pub kept_for: Duration,
    /// How often a host is dialed that refuses or resets before the login.
    pub attempts: u32,
    /// Whether a key exchange that withstands quantum computers is preferred. It costs about half as
    /// much again as the usual one.
    pub post_quantum: bool,
}

impl ConnectorSettings {
    /// Returns the settings of a user about which nothing else is known.
    pub fn of(user: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            home: None,
            agent: None,
            open: OPEN,
            rate: None,
            kept: KEPT,
            kept_for: KEPT_FOR,
            attempts: ATTEMPTS,
            post_quantum: false,
        }
    }
}
