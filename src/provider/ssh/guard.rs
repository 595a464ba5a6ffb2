//! What a session asks its owner: whether the host's key is good, and how the session ended. All that a
//! host would open towards us is refused: nothing is forwarded, no agent least of all.

use std::sync::{Arc, OnceLock};

use russh::Channel;
use russh::client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session};
use russh::keys::PublicKeyOrCertificate;

use crate::provider::ssh::error::printable;
use crate::provider::ssh::known_hosts::{HostCheck, HostKeyError, Kinds, Verdict};

/// How a session ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Farewell {
    /// The end in words.
    pub(super) reason: String,
    /// Whether the host no longer answered.
    pub(super) silent: bool,
    /// Whether the host said why it ends.
    pub(super) is_said: bool,
}

/// Answers the questions of one session.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) check: HostCheck,
    pub(super) farewell: Arc<OnceLock<Farewell>>,
}

/// Why a session came to nothing.
#[derive(Debug)]
pub(super) enum SessionError {
    Session(russh::Error),
    HostKey(HostKeyError),
    /// The host must be asked for keys of these types.
    AskFor(Kinds),
}

impl From<russh::Error> for SessionError {
    fn from(error: russh::Error) -> Self {
        Self::Session(error)
    }
}

impl Handler for Guard {
    type Error = SessionError;

    async fn check_server_key(
        &mut self,
        shown: &PublicKeyOrCertificate,
    ) -> Result<bool, SessionError> {
        let decided = self.check.decide(&shown.public_key(), shown.certificate());
        match decided.map_err(SessionError::HostKey)? {
            Verdict::Known => Ok(true),
            Verdict::AskFor(kinds) => Err(SessionError::AskFor(kinds)),
        }
    }

    async fn disconnected(
        &mut self,
        reason: DisconnectReason<SessionError>,
    ) -> Result<(), SessionError> {
        let farewell = match &reason {
            DisconnectReason::ReceivedDisconnect(info) => Farewell {
                reason: format!("the host said `{}`", printable(&info.message)),
                silent: false,
                is_said: true,
            },
            DisconnectReason::Error(SessionError::Session(error)) => Farewell::of(error),
            DisconnectReason::Error(SessionError::HostKey(error)) => Farewell {
                reason: error.to_string(),
                silent: false,
                is_said: false,
            },
            DisconnectReason::Error(SessionError::AskFor(_)) => Farewell {
                reason: "the host has shown another key than before".to_owned(),
                silent: false,
                is_said: false,
            },
        };
        // Only the first end counts.
        drop(self.farewell.set(farewell));
        match reason {
            DisconnectReason::ReceivedDisconnect(_) => Ok(()),
            DisconnectReason::Error(error) => Err(error),
        }
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _connected_address: &str,
        _connected_port: u32,
        _originator_address: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), SessionError> {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _socket_path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), SessionError> {
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _channel: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), SessionError> {
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), SessionError> {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _host_to_connect: &str,
        _port_to_connect: u32,
        _originator_address: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), SessionError> {
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _socket_path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), SessionError> {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _channel: Channel<Msg>,
        _originator_address: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), SessionError> {
        Ok(())
    }
}

impl Farewell {
    /// Returns what an error of a session means for whoever used it.
    pub(super) fn of(error: &russh::Error) -> Self {
        let (reason, silent) = match error {
            russh::Error::KeepaliveTimeout => ("the host no longer answers".to_owned(), true),
            russh::Error::IO(error) => (
                error.to_string(),
                error.kind() == std::io::ErrorKind::TimedOut,
            ),
            russh::Error::Disconnect | russh::Error::HUP => {
                ("the host has closed it".to_owned(), false)
            }
            other => (other.to_string(), false),
        };
        Self {
            reason,
            silent,
            is_said: false,
        }
    }
}
