//! One channel to a command: what is sent, and what comes back as output and an end.

use std::time::Duration;

use tokio::time::Instant;

use crate::base::output::Channel;
use crate::provider::ssh::supervisor::{Reply, STREAM, Said};
use crate::provider::ssh::{Event, Exit, RemoteCommand, SshError};

/// How long after its start a command is asked for what it says meanwhile. Most are over by then.
const QUICK: Duration = Duration::from_millis(500);

/// A channel on which a command is listened to.
pub(super) struct Line {
    pub(super) command: RemoteCommand,
    /// Reads what the supervisor says; `None` where there is none.
    reply: Option<Reply>,
    /// Whether the host is to be asked to say what there is meanwhile, once it says that the command is started.
    /// Before, a shell may still be reading the script and take the word for a part of it.
    asks: bool,
    /// When it is asked, if nothing comes before.
    ask_at: Option<Instant>,
}

/// What came.
#[derive(Debug)]
pub(super) enum Heard {
    /// What the supervisor said.
    Said(Vec<Said>),
    /// What a plain command said.
    Output(Channel, Vec<u8>),
    /// The channel ended; with the reason if nothing was understood.
    Over(Exit, String),
    /// Nothing until the deadline.
    Quiet,
}

impl Line {
    /// Makes a line over a supervised command; it is asked to stream, or does so at once where the part does
    /// so by itself.
    pub(super) fn supervised(command: RemoteCommand, nonce: &str, asks: bool) -> Self {
        Self {
            command,
            reply: Some(Reply::new(nonce)),
            asks,
            ask_at: None,
        }
    }

    /// Makes a line over a plain command.
    pub(super) fn plain(command: RemoteCommand) -> Self {
        Self {
            command,
            reply: None,
            asks: false,
            ask_at: None,
        }
    }

    /// Waits for what comes, until the deadline. Cancel-safe.
    pub(super) async fn hear(&mut self, deadline: Instant) -> Result<Heard, SshError> {
        let event = loop {
            let wake = self.ask_at.map_or(deadline, |at| at.min(deadline));
            tokio::select! {
                biased;
                event = self.command.next() => break event?,
                () = tokio::time::sleep_until(wake) => {}
            }
            let now = Instant::now();
            if self.ask_at.take_if(|at| *at <= now).is_some() {
                self.command.write(STREAM.as_bytes());
            }
            if now >= deadline {
                return Ok(Heard::Quiet);
            }
        };
        let (channel, bytes) = match event {
            Event::Stdout(bytes) => (Channel::Stdout, bytes),
            Event::Stderr(bytes) => (Channel::Stderr, bytes),
            Event::Exit(exit) => {
                let noise = self.reply.as_ref().map(Reply::noise).unwrap_or_default();
                return Ok(Heard::Over(exit, noise));
            }
        };
        let Some(reply) = &mut self.reply else {
            return Ok(Heard::Output(channel, bytes.to_vec()));
        };
        let mut said = Vec::new();
        reply.take(channel, &bytes, &mut said);
        if !said.iter().any(|said| matches!(said, Said::Output(..))) {
            self.command.disregard();
        }
        if said.iter().any(|said| !matches!(said, Said::Started)) {
            self.ask_at = None;
        } else if !said.is_empty() && self.asks {
            self.ask_at = Some(Instant::now() + QUICK);
        }
        Ok(Heard::Said(said))
    }
}
