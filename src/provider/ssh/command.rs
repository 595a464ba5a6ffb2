//! A command on a host, as it runs: its output in pieces, its end, its input.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, sleep_until};

use crate::provider::ssh::connection::Lease;
use crate::provider::ssh::error::{SshError, Started, printable};

/// What comes from a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// Bytes of its standard output.
    Stdout(Bytes),
    /// Bytes of its standard error.
    Stderr(Bytes),
    /// Its end; the last event.
    Exit(Exit),
}

/// How a command ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Exit {
    /// With an exit code.
    Code(u32),
    /// By a signal, named without `SIG`.
    Signal(String),
}

/// All that a command said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Collected {
    /// Its standard output, as much as was asked for.
    pub stdout: Vec<u8>,
    /// Its standard error, as much as was asked for.
    pub stderr: Vec<u8>,
    /// Its end.
    pub exit: Exit,
}

/// A command on a host. Dropping it before its end ends the connection it runs on, and so perhaps the
/// command: what must go on must have detached itself.
pub struct RemoteCommand {
    lease: Arc<Lease>,
    output: ChannelReadHalf,
    channel: ChannelWriteHalf<Msg>,
    input: Input,
    limits: Limits,
    exit: Option<Exit>,
    /// Whether the host said that it runs the command.
    runs: bool,
}

#[derive(Default)]
struct Input {
    writer: Option<Pin<Box<dyn AsyncWrite + Send + Sync>>>,
    waiting: VecDeque<Bytes>,
    ends: bool,
    is_closed: bool,
}

/// Times without a sign of life.
struct Limits {
    first_byte: Option<Duration>,
    idle: Option<Duration>,
    since: Instant,
    spoke: bool,
    /// Both of these before the last sign of life.
    before: (Instant, bool),
}

impl RemoteCommand {
    /// Asks for a command on a new channel.
    pub(super) async fn start(lease: Arc<Lease>, command: &str) -> Result<Self, SshError> {
        let limits = &lease.link().endpoint.limits;
        let now = Instant::now();
        let limits = Limits {
            first_byte: limits.first_byte,
            idle: limits.idle,
            since: now,
            spoke: false,
            before: (now, false),
        };
        let channel = lease.link().open().await?;
        let (output, channel) = channel.split();
        lease.begin();
        // A request that is not taken does not leave this process.
        let asked = channel.exec(true, command).await;
        asked.map_err(|error| lease.link().lost(&error, Started::No))?;
        Ok(Self {
            lease,
            output,
            channel,
            input: Input::default(),
            limits,
            exit: None,
            runs: false,
        })
    }

    /// Gives bytes to the command's standard input. They are sent while [`next`](Self::next) is waited
    /// for, so that neither side waits for the other for ever.
    pub fn write(&mut self, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        if !bytes.is_empty() {
            self.input.waiting.push_back(bytes);
        }
    }

    /// Ends the command's standard input after what was given to it.
    pub fn end_input(&mut self) {
        self.input.ends = true;
    }

    /// Takes the last bytes for no sign of life: they were not the command's own.
    pub fn disregard(&mut self) {
        (self.limits.since, self.limits.spoke) = self.limits.before;
    }

    /// Takes the command for one that has spoken before, on another channel.
    pub fn has_spoken(&mut self) {
        self.limits.spoke = true;
    }

    /// Lets it be silent for as long as it likes.
    pub fn lift_limits(&mut self) {
        (self.limits.first_byte, self.limits.idle) = (None, None);
    }

    /// Returns whether the host said that it runs the command.
    pub fn runs(&self) -> bool {
        self.runs
    }

    /// Waits for what the command does next. After its end, or an error, there is nothing more to wait
    /// for. Cancel-safe.
    ///
    /// Must be called again and again until the end: a command that nobody listens to holds up
    /// everything else on its connection.
    pub async fn next(&mut self) -> Result<Event, SshError> {
        loop {
            let limit = self.limits.current();
            let deadline = limit.map(|limit| self.limits.since + limit);
            let step = tokio::select! {
                message = self.output.wait() => Step::Heard(message),
                sent = self.input.send(&self.channel), if self.input.has_work() => Step::Sent(sent),
                () = until(deadline) => Step::Late(limit.unwrap_or_default()),
            };
            if let Some(event) = self.take(step)? {
                return Ok(event);
            }
        }
    }

    /// Returns all that the command says to its end, of each stream at most `most` bytes; the rest is
    /// thrown away.
    pub async fn collect(mut self, most: usize) -> Result<Collected, SshError> {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let keep = |kept: &mut Vec<u8>, bytes: &[u8]| {
            let room = most.saturating_sub(kept.len()).min(bytes.len());
            kept.extend_from_slice(&bytes[..room]);
        };
        loop {
            match self.next().await? {
                Event::Stdout(bytes) => keep(&mut stdout, &bytes),
                Event::Stderr(bytes) => keep(&mut stderr, &bytes),
                Event::Exit(exit) => {
                    return Ok(Collected {
                        stdout,
                        stderr,
                        exit,
                    });
                }
            }
        }
    }

    fn take(&mut self, step: Step) -> Result<Option<Event>, SshError> {
        match step {
            Step::Heard(message) => self.hear(message),
            // A command need not read its input: what cannot be sent is not missed.
            Step::Sent(Err(_)) => {
                self.input.is_closed = true;
                Ok(None)
            }
            Step::Sent(Ok(())) => Ok(None),
            Step::Late(limit) => Err(SshError::Timeout {
                host: self.lease.link().endpoint.name(),
                what: if self.limits.spoke {
                    "go on with the command"
                } else {
                    "answer the command"
                },
                limit,
                started: Started::Maybe,
            }),
        }
    }

    fn hear(&mut self, message: Option<ChannelMsg>) -> Result<Option<Event>, SshError> {
        match message {
            Some(ChannelMsg::Data { data }) => {
                self.limits.sign_of_life();
                Ok(Some(Event::Stdout(data)))
            }
            Some(ChannelMsg::ExtendedData { data, .. }) => {
                self.limits.sign_of_life();
                Ok(Some(Event::Stderr(data)))
            }
            Some(ChannelMsg::Success) => {
                self.runs = true;
                Ok(None)
            }
            Some(ChannelMsg::Failure) => Err(SshError::Refused {
                host: self.lease.link().endpoint.name(),
                what: "to run a command".to_owned(),
            }),
            Some(ChannelMsg::ExitStatus { exit_status }) => {
                self.exit = Some(Exit::Code(exit_status));
                Ok(None)
            }
            Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                self.exit = Some(Exit::Signal(match signal_name {
                    Sig::Custom(name) => printable(&name),
                    known => format!("{known:?}"),
                }));
                Ok(None)
            }
            // Output may come after the exit code; only the close is the end.
            Some(ChannelMsg::Close) => self.end(),
            None => Err(self
                .lease
                .link()
                .lost(&russh::Error::Disconnect, Started::Maybe)),
            Some(_) => Ok(None),
        }
    }

    fn end(&mut self) -> Result<Option<Event>, SshError> {
        let Some(exit) = self.exit.take() else {
            return Err(SshError::Lost {
                host: self.lease.link().endpoint.name(),
                reason: "the host closed the channel without an exit code".to_owned(),
                silent: false,
                started: Started::Maybe,
            });
        };
        self.lease.finish();
        Ok(Some(Event::Exit(exit)))
    }
}

/// What one wait came to.
enum Step {
    Heard(Option<ChannelMsg>),
    Sent(std::io::Result<()>),
    Late(Duration),
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl Limits {
    fn current(&self) -> Option<Duration> {
        if self.spoke {
            self.idle
        } else {
            self.first_byte.or(self.idle)
        }
    }

    fn sign_of_life(&mut self) {
        self.before = (self.since, self.spoke);
        self.spoke = true;
        if self.idle.is_some() {
            self.since = Instant::now();
        }
    }
}

impl Input {
    fn has_work(&self) -> bool {
        !self.is_closed && (self.ends || !self.waiting.is_empty())
    }

    /// Sends a piece, or the end. Cancel-safe: a piece that is cut off is sent by the next call.
    async fn send(&mut self, channel: &ChannelWriteHalf<Msg>) -> std::io::Result<()> {
        let Some(bytes) = self.waiting.front_mut() else {
            self.is_closed = true;
            return channel.eof().await.map_err(std::io::Error::other);
        };
        let writer = self
            .writer
            .get_or_insert_with(|| Box::pin(channel.make_writer()));
        let sent = writer.write(bytes).await?;
        drop(bytes.split_to(sent));
        if bytes.is_empty() {
            self.waiting.pop_front();
        }
        Ok(())
    }
}
