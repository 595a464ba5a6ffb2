//! One logged-in session with a host, and what it holds on to: its place among the open connections and
//! the jump host that it goes through.

use std::io;
use std::sync::{Arc, OnceLock};

use russh::client::{Handle, Msg};
use russh::{Channel, ChannelOpenFailure};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::provider::ssh::endpoint::Endpoint;
use crate::provider::ssh::error::{SshError, Started};
use crate::provider::ssh::guard::{Farewell, Guard};
use crate::provider::ssh::wire::WireControl;

/// A session that is logged in. It ends when this is dropped.
pub(super) struct Link {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) session: Handle<Guard>,
    pub(super) _control: Cut,
    pub(super) farewell: Arc<OnceLock<Farewell>>,
    /// Held for as long as the link is open.
    pub(super) _permit: Option<OwnedSemaphorePermit>,
    pub(super) _through: Option<Arc<Self>>,
}

/// Cuts a wire when it is dropped: a session that waits for a silent host knows no other end.
pub(super) struct Cut(pub(super) Arc<WireControl>);

impl Drop for Cut {
    fn drop(&mut self) {
        self.0.cut();
    }
}

impl Link {
    /// Returns whether the link can be used, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        !self.session.is_closed() && self.farewell.get().is_none()
    }

    /// Opens a channel for a command or a subsystem.
    pub(super) async fn open(&self) -> Result<Channel<Msg>, SshError> {
        let limit = self.endpoint.limits.connect;
        let opened = timeout(limit, self.session.channel_open_session()).await;
        let opened = opened.map_err(|_| SshError::Timeout {
            host: self.endpoint.name(),
            what: "open another session",
            limit,
            started: Started::No,
        })?;
        opened.map_err(|error| self.not_opened(&error, "another session"))
    }

    /// Opens a channel to another host.
    pub(super) async fn open_to(&self, host: &Endpoint) -> Result<Channel<Msg>, SshError> {
        // Where the connection comes from is nobody's business there.
        let (address, port) = (host.address.as_str(), u32::from(host.port));
        let opened = self
            .session
            .channel_open_direct_tcpip(address, port, "127.0.0.1", 0)
            .await;
        opened.map_err(|error| match &error {
            russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed) => {
                let text = format!("jump host `{}` cannot connect to it", self.endpoint.name());
                let refusal = io::Error::new(io::ErrorKind::HostUnreachable, text);
                SshError::unreachable(&host.name(), refusal)
            }
            error => SshError::Jump {
                hop: self.endpoint.name(),
                source: Arc::new(self.not_opened(error, "to forward a connection")),
            },
        })
    }

    fn not_opened(&self, error: &russh::Error, what: &str) -> SshError {
        match error {
            russh::Error::ChannelOpenFailure(reason) => SshError::Refused {
                host: self.endpoint.name(),
                what: format!("{what}: {reason:?}"),
            },
            error => self.lost(error, Started::No),
        }
    }

    /// Returns how the link was lost.
    pub(super) fn lost(&self, error: &russh::Error, started: Started) -> SshError {
        let farewell = self.farewell.get();
        let Farewell { reason, silent, .. } =
            farewell.cloned().unwrap_or_else(|| Farewell::of(error));
        SshError::Lost {
            host: self.endpoint.name(),
            reason,
            silent,
            started,
        }
    }
}
