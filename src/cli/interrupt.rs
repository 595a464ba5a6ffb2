//! What asks this process to end: Ctrl-C, and SIGTERM from whoever looks after processes.
//!
//! A closed terminal is not listened to: the process ends as by a crash, which loses nothing, and
//! one that was told to ignore it (`nohup`) goes on.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for as long as it exists, so that none is missed between two looks.
#[derive(Debug)]
pub(super) struct Interrupts {
    from_terminal: Signal,
    from_outside: Signal,
}

impl Interrupts {
    /// Begins to listen: from now on, neither ends the process by itself.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            from_terminal: signal(SignalKind::interrupt())?,
            from_outside: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one. Cancel-safe.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.from_terminal.recv() => {}
            _ = self.from_outside.recv() => {}
        }
    }
}

/// What asks this process to read its files again: SIGHUP.
#[derive(Debug)]
pub(super) struct Reloads(Signal);

impl Reloads {
    /// Begins to listen: from now on, a closed terminal does not end the process.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::hangup())?))
    }

    /// Waits for the next one. Cancel-safe.
    pub(super) async fn next(&mut self) {
        self.0.recv().await;
    }
}
