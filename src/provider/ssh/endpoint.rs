//! Where a host is and how it is reached. Data only: an inventory fills it, a connection reads it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The port of SSH when nothing else is said.
pub(in crate::provider) const PORT: u16 = 22;

/// How a host is reached.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Endpoint {
    /// Name or address that is dialed.
    pub address: String,
    /// The port.
    pub port: u16,
    /// The login user; the operating-system user of this process when not given.
    pub user: Option<String>,
    /// Private key files, tried in order; the usual ones of the user when empty. A certificate lies
    /// beside its key as `KEY-cert.pub`.
    pub identities: Vec<PathBuf>,
    /// Certificate files that do not lie beside their key.
    pub certificates: Vec<PathBuf>,
    /// The secret of the parameter store that opens those key files that are encrypted.
    pub passphrase: Option<String>,
    /// Whether keys of the agent are tried, before the files.
    pub agent: bool,
    /// The secret of the parameter store that holds the password, for password and
    /// keyboard-interactive logins.
    pub password: Option<String>,
    /// Hosts to go through, first hop first. Each is authenticated and its key checked like the host.
    pub jumps: Vec<Arc<Self>>,
    /// How its key is checked.
    pub host_keys: HostKeys,
    /// Who commands run as when that is not the login user.
    pub elevation: Option<Elevation>,
    /// How long things may take.
    pub limits: Limits,
}

/// How a host's key is checked.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct HostKeys {
    /// The user's files in the format of `known_hosts`; the usual ones when empty. New keys go into the
    /// first.
    pub files: Vec<PathBuf>,
    /// The system's files, which count as well and are never written; the usual ones when empty.
    pub system_files: Vec<PathBuf>,
    /// The name that is looked up in place of the address.
    pub alias: Option<String>,
    /// What to do about a key that no file holds. A key that has changed is refused always.
    pub unknown: HostKeyPolicy,
}

/// What to do about a key that is not known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum HostKeyPolicy {
    /// Refuse the host.
    #[default]
    Refuse,
    /// Take the key and remember it in the user's first file.
    AcceptNew,
}

/// Who a command runs as, by `sudo`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Elevation {
    /// The user.
    pub user: String,
    /// The secret of the parameter store that holds the password; without it `sudo` must not ask.
    pub password: Option<String>,
}

/// How long things may take with one host.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Limits {
    /// From dialing to being logged in, through all jump hosts.
    pub connect: Duration,
    /// From the start of a command to its first byte of output or its end, if that is limited.
    pub first_byte: Option<Duration>,
    /// Between two signs of life of a command, if that is limited.
    pub idle: Option<Duration>,
    /// How often a quiet connection is asked whether it lives; three unanswered questions end it.
    pub keep_alive: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            first_byte: None,
            idle: None,
            keep_alive: Duration::from_secs(15),
        }
    }
}

impl Endpoint {
    /// Returns the endpoint of an address about which nothing else is known.
    pub fn of(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            port: PORT,
            user: None,
            identities: Vec::new(),
            certificates: Vec::new(),
            passphrase: None,
            agent: true,
            password: None,
            jumps: Vec::new(),
            host_keys: HostKeys::default(),
            elevation: None,
            limits: Limits::default(),
        }
    }

    /// Returns the name that messages use: the address, with the port where that is not the usual one.
    pub fn name(&self) -> String {
        if self.port == PORT {
            self.address.clone()
        } else {
            format!("{}:{}", self.address, self.port)
        }
    }
}
