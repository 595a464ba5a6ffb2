//! From the driver's spool into the log: output is taken over once, in order, and the spool is let
//! go only when both the log and the record of the end are durable.
//!
//! The sink blocks for about a commit of the store now and then, which is less than switches of
//! threads for each piece of output cost; it is spoken to where output comes.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base::call::CallFault;
use crate::base::failure::code;
use crate::base::output::{Channel, LogKey, OutputError};
use crate::provider::CallContext;
use crate::provider::local::cloud::LocalCloud;
use crate::provider::local::driver::{CommandEnd, DriverError, Offsets, Progress};
use crate::provider::local::fault;
use crate::provider::local::invocation::{Ended, Invocation, Lengths};

/// How much of a command's output an answer shows, as at the vendor. The log keeps everything.
pub(super) const SHOWN: u64 = 24 * 1024;

/// How much one poll takes from each channel.
const CHUNK: usize = 256 * 1024;

/// An offset behind any output: a poll there only tells whether the command ended.
const BEHIND_ALL: u64 = 1 << 60;

/// Takes over the output of one command on one instance.
#[derive(Debug)]
pub(super) struct Spool<'a> {
    cloud: &'a LocalCloud,
    context: &'a CallContext,
    log: &'a LogKey,
    invocation: &'a str,
    instance: &'a str,
    user: Option<&'a str>,
    base: Lengths,
    read: Offsets,
}

impl<'a> Spool<'a> {
    /// Attaches to a command whose output begins in its log at `base`, where the log left off.
    pub(super) fn open(
        source: (&'a LocalCloud, &'a CallContext),
        invocation: &'a Invocation,
        instance: &'a str,
        base: Lengths,
    ) -> Result<Self, CallFault> {
        let stored = stored(source.1, &invocation.log)?;
        let mut spool = Self::new(source, invocation, instance, base);
        spool.read = Offsets {
            stdout: stored.stdout.saturating_sub(base.stdout),
            stderr: stored.stderr.saturating_sub(base.stderr),
        };
        Ok(spool)
    }

    /// Attaches to a command of which nothing can be in its log yet.
    pub(super) fn new(
        (cloud, context): (&'a LocalCloud, &'a CallContext),
        invocation: &'a Invocation,
        instance: &'a str,
        base: Lengths,
    ) -> Self {
        Self {
            cloud,
            context,
            log: &invocation.log,
            invocation: &invocation.id,
            instance,
            user: invocation.user(),
            base,
            read: Offsets::default(),
        }
    }

    /// Takes over what there is, waiting for news at most `wait`; returns the end if it came.
    /// Cancel-safe: what is not in the log is read again.
    pub(super) async fn advance(&mut self, wait: Duration) -> Result<Taken, CallFault> {
        let progress = self.poll(self.read, CHUNK, wait).await?;
        let taken = Taken {
            is_news: !progress.output.is_empty(),
            end: progress.end.clone(),
        };
        let before = self.read;
        let mut read = before;
        for (channel, offset, bytes) in &progress.output {
            let end = offset + bytes.len() as u64;
            match channel {
                Channel::Stdout => read.stdout = read.stdout.max(end),
                Channel::Stderr => read.stderr = read.stderr.max(end),
            }
        }
        self.write(progress.output)?;
        self.read = read;
        Ok(taken)
    }

    /// Takes over everything there is now; returns the end if the command ended.
    pub(super) async fn drain(&mut self) -> Result<Option<CommandEnd>, CallFault> {
        loop {
            let taken = self.advance(Duration::ZERO).await?;
            if taken.end.is_some() || !taken.is_news {
                return Ok(taken.end);
            }
        }
    }

    /// Makes the log durable and returns how the command ended, with the last of its output. What
    /// is returned second is the output with its secrets, for the answer of a call.
    pub(super) async fn finish(&self, end: CommandEnd) -> Result<(Ended, Vec<u8>), CallFault> {
        self.context
            .sink
            .flush(self.log)
            .map_err(|error| fault_of(&error))?;
        let redactor = &self.context.redactor;
        let before = redactor.longest() as u64;
        let from = |length: u64| length.saturating_sub(SHOWN + before);
        // With as much before it as a secret across the cut may be long.
        let offsets = Offsets {
            stdout: from(self.read.stdout),
            stderr: from(self.read.stderr),
        };
        let limit = usize::try_from(SHOWN + before).expect("a few kilobytes");
        let progress = self.poll(offsets, limit, Duration::ZERO).await?;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        for (channel, _, bytes) in &progress.output {
            match channel {
                Channel::Stdout => stdout.extend(bytes),
                Channel::Stderr => stderr.extend(bytes),
            }
        }
        let stderr = redactor.text(&String::from_utf8_lossy(&stderr));
        let last_error = stderr.lines().rfind(|line| !line.trim().is_empty());
        let ended = Ended {
            end,
            at: progress.ended_at.unwrap_or(self.context.now),
            output: STANDARD.encode(redactor.bytes_from(&stdout, cut(&stdout))),
            dropped: self.read.stdout.saturating_sub(SHOWN),
            last_error: last_error
                .unwrap_or_default()
                .trim()
                .chars()
                .take(500)
                .collect(),
            error_code: None,
            lengths: Lengths {
                stdout: self.read.stdout,
                stderr: self.read.stderr,
            },
        };
        Ok((ended, stdout[cut(&stdout)..].to_vec()))
    }

    /// Returns the end of a command of which nobody knows what became: what it was heard to say stands.
    pub(super) fn give_up(&self, reason: String) -> Ended {
        Ended {
            error_code: Some(code::UNKNOWN.to_owned()),
            lengths: Lengths {
                stdout: self.read.stdout,
                stderr: self.read.stderr,
            },
            ..Ended::without_start(reason, self.context.now)
        }
    }

    /// Lets the driver forget the command: its end is recorded.
    pub(super) async fn let_go(cloud: &LocalCloud, instance: &str, invocation: &str) {
        match cloud.driver.acknowledge(instance, invocation).await {
            Ok(()) | Err(DriverError::NotFound { .. }) => {}
            // A spool that stays costs disk space and nothing else.
            Err(error) => tracing::warn!(instance, invocation, %error, "spool is kept"),
        }
    }

    /// Tells whether the command ended, without taking anything over.
    pub(super) async fn peek(&self) -> Result<Option<CommandEnd>, CallFault> {
        let offsets = Offsets {
            stdout: BEHIND_ALL,
            stderr: BEHIND_ALL,
        };
        Ok(self.poll(offsets, CHUNK, Duration::ZERO).await?.end)
    }

    async fn poll(
        &self,
        offsets: Offsets,
        limit: usize,
        wait: Duration,
    ) -> Result<Progress, CallFault> {
        let poll = self.cloud.driver.poll(
            self.instance,
            self.invocation,
            self.user,
            offsets,
            limit,
            wait,
        );
        match poll.await {
            Ok(progress) => Ok(progress),
            // The instance was deleted, and the command with it.
            Err(DriverError::NotFound { .. }) => Ok(Progress {
                output: Vec::new(),
                end: Some(CommandEnd::Lost),
                ended_at: None,
            }),
            Err(error) => Err(fault::driver(error)),
        }
    }

    fn write(&self, output: Vec<(Channel, u64, Vec<u8>)>) -> Result<(), CallFault> {
        for (channel, offset, bytes) in output {
            let base = match channel {
                Channel::Stdout => self.base.stdout,
                Channel::Stderr => self.base.stderr,
            };
            let sink = &self.context.sink;
            sink.write(self.log, channel, base + offset, &bytes)
                .map_err(|error| fault_of(&error))?;
        }
        Ok(())
    }
}

/// What one look at a spool brought.
#[derive(Debug)]
pub(super) struct Taken {
    /// Whether there was output.
    is_news: bool,
    /// How the command ended, if all of its output is taken over.
    pub(super) end: Option<CommandEnd>,
}

/// Returns how much of a log is stored.
pub(super) fn stored(context: &CallContext, log: &LogKey) -> Result<Lengths, CallFault> {
    let stored = |channel| {
        context
            .sink
            .stored(log, channel)
            .map_err(|error| fault_of(&error))
    };
    Ok(Lengths {
        stdout: stored(Channel::Stdout)?,
        stderr: stored(Channel::Stderr)?,
    })
}

/// Returns where in `output` begins what answers show.
fn cut(output: &[u8]) -> usize {
    let shown = usize::try_from(SHOWN).expect("a few kilobytes");
    output.len().saturating_sub(shown)
}

fn fault_of(error: &OutputError) -> CallFault {
    CallFault::Storage {
        reason: error.to_string(),
    }
}
