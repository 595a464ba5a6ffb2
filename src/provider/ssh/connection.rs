//! A connection to a host, as its user holds it.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use crate::provider::ssh::command::RemoteCommand;
use crate::provider::ssh::connector::Shared;
use crate::provider::ssh::error::SshError;
use crate::provider::ssh::link::Link;
use crate::provider::ssh::transfer::{self, FileToSend};

/// A connection to a host that is logged in. It runs commands; several at once hold each other up when
/// one is not listened to. When it and its commands are dropped, it is kept for the next one who wants
/// to connect to the same endpoint, unless a command was left before its end.
#[derive(Clone)]
pub struct Connection(Arc<Lease>);

impl Connection {
    pub(super) fn new(link: Link, shared: Weak<Shared>) -> Self {
        Self(Arc::new(Lease {
            link: Some(link),
            shared,
            unfinished: AtomicUsize::new(0),
        }))
    }

    /// Starts a command with the host's shell for the login user. Input must be ended or given.
    ///
    /// An error says that the command was not started, for the host was never asked: it may be tried
    /// again on a new connection, which is worth it when this one was kept for a while.
    pub async fn exec(&self, command: &str) -> Result<RemoteCommand, SshError> {
        RemoteCommand::start(Arc::clone(&self.0), command).await
    }

    /// Puts a file on the host: whole or not at all, compared with what was meant before it is in its
    /// place. Sending the same file again does no harm where it may overwrite; where it may not, a
    /// lost answer shows as a file that exists already.
    pub async fn send_file(&self, file: &FileToSend) -> Result<(), SshError> {
        transfer::send(&self.0, file).await
    }

    /// Returns whether the connection can be used, as far as is known.
    pub fn is_open(&self) -> bool {
        self.0.link().is_open()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection")
            .field(&self.0.link().endpoint.name())
            .finish()
    }
}

/// A link while somebody uses it.
pub(super) struct Lease {
    link: Option<Link>,
    shared: Weak<Shared>,
    /// Channels whose end was not seen.
    unfinished: AtomicUsize,
}

impl Lease {
    pub(super) fn link(&self) -> &Link {
        self.link.as_ref().expect("it is taken only when dropped")
    }

    /// Notes that a channel is in use.
    pub(super) fn begin(&self) {
        self.unfinished.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a channel came to its end.
    pub(super) fn finish(&self) {
        self.unfinished.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let link = self.link.take();
        if let (Some(link), Some(shared)) = (link, self.shared.upgrade())
            && self.unfinished.load(Ordering::Relaxed) == 0
        {
            shared.keep(link);
        }
    }
}
