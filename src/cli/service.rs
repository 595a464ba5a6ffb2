//! How a service manager is told how a daemon is: systemd's notification socket.

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use crate::cli::environment;

/// Where the socket is.
const SOCKET: &str = "NOTIFY_SOCKET";

/// After how many microseconds of silence the manager takes the daemon for hung.
const WATCHDOG: &str = "WATCHDOG_USEC";

/// The service manager, if there is one.
#[derive(Debug)]
pub(super) struct Service {
    socket: Option<UnixDatagram>,
    /// How often it wants to hear from the daemon.
    interval: Option<Duration>,
}

impl Service {
    /// Finds the service manager that started the process.
    pub(super) fn of_environment() -> Self {
        let socket = environment::variable(SOCKET).and_then(|path| connect(path.as_ref()));
        let watchdog = environment::variable(WATCHDOG).and_then(|text| text.parse().ok());
        // Half of its patience, as it recommends.
        let interval = watchdog.map(|micros: u64| Duration::from_micros(micros / 2));
        Self {
            interval: interval.filter(|interval| !interval.is_zero() && socket.is_some()),
            socket,
        }
    }

    /// Says that the daemon serves.
    pub(super) fn ready(&self) {
        self.say("READY=1");
    }

    /// Says that it reads its files again.
    pub(super) fn reloading(&self) {
        self.say("RELOADING=1");
    }

    /// Says that it is about to end.
    pub(super) fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// Waits until the manager is to hear that the daemon is alive, and says so; for ever if it does
    /// not want to hear it. Cancel-safe.
    pub(super) async fn alive(&self) {
        match self.interval {
            Some(interval) => {
                tokio::time::sleep(interval).await;
                self.say("WATCHDOG=1");
            }
            None => std::future::pending().await,
        }
    }

    fn say(&self, word: &str) {
        if let Some(socket) = &self.socket
            && let Err(error) = socket.send(word.as_bytes())
        {
            tracing::warn!(%error, "the service manager cannot be told `{word}`");
        }
    }
}

fn connect(path: &OsStr) -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    let connected = match path.as_bytes().strip_prefix(b"@") {
        Some(name) => {
            SocketAddr::from_abstract_name(name).and_then(|address| socket.connect_addr(&address))
        }
        None => socket.connect(path),
    };
    if let Err(error) = connected {
        tracing::warn!(%error, "the service manager cannot be reached");
        return None;
    }
    Some(socket)
}
