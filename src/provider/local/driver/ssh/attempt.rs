//! One command on one host as this process knows it: asked for, listened to, lost and found again.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::failure::code;
use crate::base::output::Channel;
use crate::base::time::Timestamp;
use crate::provider::inventory::Host;
use crate::provider::local::driver::ssh::fault;
use crate::provider::local::driver::ssh::line::{Heard, Line};
use crate::provider::local::driver::ssh::shell::{NoShell, Shells, nonce};
use crate::provider::local::driver::ssh::window::{TAIL, Window};
use crate::provider::local::driver::{
    Command, CommandEnd, DriverError, KillReport, Offsets, Progress,
};
use crate::provider::ssh::supervisor::{Attach, Ending, Launch, Part, Reason, Refusal, Said};
use crate::provider::ssh::{Exit, SshError, Started};

/// How long a host that was lost is looked for before the command's fate is called unknown.
const PATIENCE: Duration = Duration::from_mins(10);

/// The first pause before a lost host is asked again; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest of these pauses.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How long after the end of its time a command is waited for whose host says nothing, though its time
/// is minded there.
const MARGIN: Duration = Duration::from_mins(1);

/// What is said of a command that nobody watched over.
const PERHAPS: &str = "the command, perhaps: nothing on the host watched over it";

/// A command.
pub(super) struct Attempt {
    host: Arc<Host>,
    id: String,
    user: Option<String>,
    /// What is to be started; `None` in a process that only looks.
    command: Option<Command>,
    line: Option<Line>,
    stage: Stage,
    stdout: Window,
    stderr: Window,
    end: Option<CommandEnd>,
    refused: Option<Refusal>,
    ended_at: Option<Timestamp>,
    lost: Option<Loss>,
    plain_deadline: Option<Instant>,
    /// Whether the host was asked to start it before it was asked for the last time: then what the host
    /// refuses or does not understand says nothing about the command.
    was_asked: bool,
    /// Whether a limit of the host's silence is over.
    silent: Option<Silence>,
    /// When its time is up at the latest, if that is known.
    due: Option<Instant>,
    heard_at: Instant,
}

/// What is done about a command that was silent for longer than it may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Silence {
    /// It is to be ended.
    Found,
    /// It was ended, and what it said is listened to.
    Ended,
}

/// How far a command came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The host was never asked by this process.
    New,
    /// It was asked, at this time; whether it heard is not known.
    Asked(Instant),
    /// It was started, here or before.
    Started,
}

/// Since when the host is lost, and what is done about it.
struct Loss {
    since: Instant,
    pause: Duration,
    again_at: Instant,
}

impl Attempt {
    /// Makes one to be started.
    pub(super) fn to_start(host: Arc<Host>, id: &str, command: Command) -> Self {
        let was_asked = command.age.is_some();
        let stage = if was_asked {
            // By an earlier process.
            Stage::Asked(Instant::now())
        } else {
            Stage::New
        };
        Self {
            due: Some(Instant::now() + command.timeout),
            command: Some(command.clone()),
            was_asked,
            stage,
            ..Self::to_hear(host, id, command.user)
        }
    }

    /// Makes one to be listened to, that this process did not start.
    pub(super) fn to_hear(host: Arc<Host>, id: &str, user: Option<String>) -> Self {
        Self {
            host,
            id: id.to_owned(),
            user,
            command: None,
            line: None,
            stage: Stage::Started,
            stdout: Window::default(),
            stderr: Window::default(),
            end: None,
            ended_at: None,
            refused: None,
            lost: None,
            plain_deadline: None,
            was_asked: false,
            silent: None,
            due: None,
            heard_at: Instant::now(),
        }
    }

    /// Tells whether nobody has asked the host for it.
    pub(super) fn is_new(&self) -> bool {
        self.stage == Stage::New
    }

    /// Tells whether nothing on the host watches over it.
    pub(super) fn is_plain(&self) -> bool {
        self.command.as_ref().is_some_and(|command| command.plain)
    }

    /// Tells whether it was started, as far as is known.
    pub(super) fn is_started(&self) -> bool {
        self.stage == Stage::Started
    }

    /// Lets go of the channel, for the end to be said on it.
    pub(super) fn take_line(&mut self) -> Option<Line> {
        self.line.take()
    }

    /// Ends a plain command as far as that can be done: by closing its channel.
    pub(super) fn close(&mut self, reason: fn(KillReport) -> CommandEnd) -> KillReport {
        let report = KillReport {
            survivors: vec![PERHAPS.to_owned()],
            ..KillReport::default()
        };
        self.line = None;
        if self.end.is_none() {
            self.finish(reason(report.clone()));
        }
        report
    }

    fn finish(&mut self, end: CommandEnd) {
        let end = match (end, self.silent) {
            (CommandEnd::Killed(report), Some(Silence::Ended)) => CommandEnd::TimedOut(report),
            (end, _) => end,
        };
        self.end = Some(end);
        self.ended_at = Some(now());
    }

    /// Begins to listen where a reader is: what lies before it was taken over. Returns whether the host
    /// has to be asked first.
    pub(super) fn read_from(&mut self, offsets: Offsets) -> bool {
        let is_held = self.stdout.base() <= offsets.stdout && self.stderr.base() <= offsets.stderr;
        if self.is_plain() || (self.end.is_some() && is_held) {
            return false;
        }
        let is_fresh = self.line.is_none() && self.stdout.end() == 0 && self.stderr.end() == 0;
        if is_fresh || !is_held {
            // A tail is wanted at the end that was taken over before. Who only looked whether it ended
            // has heard the end and none of the output: the host says both again.
            (self.line, self.end, self.ended_at) = (None, None, None);
            self.stdout = Window::at(offsets.stdout.saturating_sub(TAIL));
            self.stderr = Window::at(offsets.stderr.saturating_sub(TAIL));
        } else {
            self.stdout.taken_to(offsets.stdout);
            self.stderr.taken_to(offsets.stderr);
        }
        self.line.is_none()
    }

    /// Returns what there is for a reader: output, or the end when there is no more.
    pub(super) fn news(&self, offsets: Offsets, limit: usize) -> Option<Progress> {
        let mut output = Vec::new();
        for (channel, window, offset) in [
            (Channel::Stdout, &self.stdout, offsets.stdout),
            (Channel::Stderr, &self.stderr, offsets.stderr),
        ] {
            let (from, bytes) = window.from(offset, limit);
            if !bytes.is_empty() {
                output.push((channel, from, bytes));
            }
        }
        let reaches = |channel: Channel, end: u64, offset: u64| {
            let last = output.iter().find(|(of, ..)| *of == channel);
            last.map_or(offset, |(_, from, bytes)| from + bytes.len() as u64) >= end
        };
        let is_all = reaches(Channel::Stdout, self.stdout.end(), offsets.stdout)
            && reaches(Channel::Stderr, self.stderr.end(), offsets.stderr);
        let end = self.end.clone().filter(|_| is_all);
        (end.is_some() || !output.is_empty()).then_some(Progress {
            ended_at: end.as_ref().and(self.ended_at),
            output,
            end,
        })
    }

    /// Does the next thing, at most until the deadline: connects, asks, listens. Cancel-safe.
    pub(super) async fn advance(
        &mut self,
        shells: &Shells,
        deadline: Instant,
    ) -> Result<(), DriverError> {
        if self.end.is_some() {
            return Ok(());
        }
        if self.silent == Some(Silence::Found) {
            return self.end_silence(shells).await;
        }
        let Some(line) = &mut self.line else {
            if let Some(loss) = &self.lost
                && Instant::now() < loss.again_at
            {
                tokio::time::sleep_until(loss.again_at.min(deadline)).await;
                return Ok(());
            }
            return self.connect(shells).await;
        };
        let overdue = self.due.map(|due| due.max(self.heard_at) + MARGIN);
        let limits = self.plain_deadline.into_iter().chain(overdue);
        let until = limits.fold(deadline, Instant::min);
        match line.hear(until).await {
            Ok(Heard::Said(said)) => {
                self.lost = None;
                self.heard_at = Instant::now();
                for said in said {
                    self.take(said);
                }
                Ok(())
            }
            Ok(Heard::Output(channel, bytes)) => {
                self.heard_at = Instant::now();
                self.window(channel).push(&bytes);
                Ok(())
            }
            Ok(Heard::Over(exit, noise)) => self.over(&exit, &noise),
            Ok(Heard::Quiet) => {
                if self.plain_deadline.is_some_and(|at| at <= Instant::now()) {
                    self.close(CommandEnd::TimedOut);
                    return Ok(());
                }
                if overdue.is_some_and(|at| at <= Instant::now()) {
                    return self.end_soon("the host says nothing, though its time is up");
                }
                Ok(())
            }
            // A limit that somebody set.
            Err(SshError::Timeout { .. }) if self.is_plain() => {
                self.close(CommandEnd::TimedOut);
                Ok(())
            }
            Err(error @ SshError::Timeout { .. }) => self.end_soon(&error.message()),
            Err(error) => self.lose(&error),
        }
    }

    fn end_soon(&mut self, reason: &str) -> Result<(), DriverError> {
        self.line = None;
        if self.silent.is_some() {
            return Err(self.unknown(reason));
        }
        self.silent = Some(Silence::Found);
        Ok(())
    }

    /// Ends a command that was silent for longer than it may. What it said before is heard afterwards.
    async fn end_silence(&mut self, shells: &Shells) -> Result<(), DriverError> {
        let ended = shells.end(&self.host, self.user.as_deref(), &self.id);
        let report = match ended.await {
            Err(DriverError::NotFound { .. })
                if self.stage != Stage::Started && !self.was_asked =>
            {
                let reason = format!("`{}` did not answer the command in time", self.host.name);
                return Err(fault::lacking(code::TIMEOUT, reason));
            }
            ended => ended?,
        };
        if !report.survivors.is_empty() {
            self.silent = None;
            self.finish(CommandEnd::TimedOut(report));
            return Ok(());
        }
        self.silent = Some(Silence::Ended);
        self.stage = Stage::Started;
        Ok(())
    }

    fn window(&mut self, channel: Channel) -> &mut Window {
        match channel {
            Channel::Stdout => &mut self.stdout,
            Channel::Stderr => &mut self.stderr,
        }
    }

    async fn connect(&mut self, shells: &Shells) -> Result<(), DriverError> {
        let opened = if self.is_plain() {
            if self.stage != Stage::New {
                return Err(self.unknown("it was left while it was being started"));
            }
            // From here on it may be started: it is not asked for again.
            self.stage = Stage::Asked(Instant::now());
            let command = self
                .command
                .as_ref()
                .and_then(|command| command.script.clone());
            let command = command.unwrap_or_default();
            let opened = shells.exec(&self.host.endpoint, &command).await;
            opened.map_err(NoShell::from)
        } else {
            shells.open(&self.host.endpoint, self.user.as_deref()).await
        };
        match opened {
            Ok(mut shell) => {
                let nonce = nonce();
                let now = Instant::now();
                match &self.command {
                    Some(command) if command.plain => {
                        shell.end_input();
                        self.plain_deadline = Some(now + command.timeout);
                        self.stage = Stage::Started;
                        self.line = Some(Line::plain(shell));
                    }
                    _ => {
                        shell.write(self.script(&nonce).into_bytes());
                        let asks = self.stage != Stage::Started;
                        let has_spoken = self.stdout.end() > 0 || self.stderr.end() > 0;
                        if has_spoken {
                            shell.has_spoken();
                        }
                        if self.silent.is_some() {
                            shell.lift_limits();
                        }
                        self.heard_at = now;
                        self.line = Some(Line::supervised(shell, &nonce, asks));
                        if self.stage == Stage::New {
                            self.stage = Stage::Asked(now);
                        }
                    }
                }
                Ok(())
            }
            Err(NoShell::Ssh(error)) if self.is_plain() && error.started() == Started::No => {
                Err(fault::host(&error))
            }
            Err(error) if self.stage == Stage::New => Err(error.into()),
            // Asking again would not change it, and may lock an account.
            Err(NoShell::Ssh(error)) if error.is_refusal() => Err(self.unknown(&error.message())),
            Err(NoShell::Ssh(error)) => self.lose(&error),
            Err(NoShell::Refused(error)) => Err(self.unknown(&error.to_string())),
        }
    }

    fn unknown(&self, reason: &str) -> DriverError {
        DriverError::Unknown {
            reason: format!("the command may run on `{}`: {reason}", self.host.name),
        }
    }

    fn script(&self, nonce: &str) -> String {
        let part = Part {
            id: &self.id,
            nonce,
            hour: hour(),
        };
        let asked = match self.stage {
            Stage::Started => None,
            Stage::New => self.command.as_ref().map(|command| (command, command.age)),
            Stage::Asked(at) => {
                let age = |command: &Command| command.age.unwrap_or_default() + at.elapsed();
                self.command
                    .as_ref()
                    .map(|command| (command, Some(age(command))))
            }
        };
        let Some((command, age)) = asked else {
            return part.attach(Attach {
                stdout: self.stdout.end(),
                stderr: self.stderr.end(),
            });
        };
        let environment = command.environment.iter();
        part.start(&Launch {
            argv: &command.argv,
            script: command.script.as_deref().unwrap_or_default(),
            directory: command.directory.as_deref(),
            environment: environment
                .map(|(name, value)| (&**name, &**value))
                .collect(),
            limit: command.timeout,
            age,
        })
    }

    fn take(&mut self, said: Said) {
        match said {
            Said::Started => self.stage = Stage::Started,
            Said::Output(channel, bytes) => self.window(channel).push(&bytes),
            Said::Ended(ending) | Said::Report(ending) => self.finish(end_of(ending)),
            // Acted upon when the channel is over, which lets the connection be used again.
            Said::Refused(refusal) => self.refused = Some(refusal),
        }
    }

    /// The channel ended, and the command did not.
    fn over(&mut self, exit: &Exit, noise: &str) -> Result<(), DriverError> {
        self.line = None;
        if self.is_plain() {
            self.finish(CommandEnd::Exited {
                code: match exit {
                    Exit::Code(code) => i32::try_from(*code).unwrap_or(i32::MAX),
                    Exit::Signal(name) => 128 + signal_number(name),
                },
            });
            return Ok(());
        }
        match self.refused.take() {
            Some(refusal) => self.refuse(refusal),
            None if self.stage == Stage::Started || noise.is_empty() => {
                self.lose_for("the shell on the host was ended")
            }
            None if self.was_asked => self.lose_for(&format!("it said {}", one_line(noise))),
            // It said nothing that we understand.
            None => {
                let is_refused = noise.contains("sudo") || noise.contains("password");
                let code = if is_refused {
                    code::AUTHENTICATION
                } else {
                    code::UNSUPPORTED
                };
                let reason = format!(
                    "`{}` has no shell for us: {}",
                    self.host.name,
                    one_line(noise)
                );
                Err(fault::lacking(code, reason))
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal) -> Result<(), DriverError> {
        let name = &self.host.name;
        match refusal {
            Refusal::Unsupported(reason) | Refusal::Failed(reason) if self.was_asked => {
                Err(self.unknown(&reason))
            }
            Refusal::Exists | Refusal::Ended => {
                self.stage = Stage::Started;
                Ok(())
            }
            Refusal::None if self.command.is_some() => {
                self.finish(CommandEnd::Lost);
                Ok(())
            }
            Refusal::Never => Err(fault::lacking(
                code::TIMEOUT,
                format!("`{name}` was told to call the command off before it heard of it"),
            )),
            Refusal::None => Err(DriverError::NotFound {
                kind: "command",
                id: self.id.clone(),
            }),
            Refusal::Unsure => Err(self.unknown(
                "it may have been started before, and the host does not know: it was restarted, or \
                 that was long ago",
            )),
            Refusal::Unsupported(reason) => Err(fault::lacking(
                code::UNSUPPORTED,
                format!(
                    "`{name}` cannot run commands safely: {reason}; `plain` starts them without that"
                ),
            )),
            Refusal::Failed(reason) => Err(fault::lacking(
                code::UNSUPPORTED,
                format!("`{name}` could not start the command: {reason}"),
            )),
        }
    }

    fn lose(&mut self, error: &SshError) -> Result<(), DriverError> {
        self.line = None;
        if self.is_plain() {
            return Err(self.unknown(&error.message()));
        }
        self.lose_for(&error.message())
    }

    fn lose_for(&mut self, reason: &str) -> Result<(), DriverError> {
        self.line = None;
        self.was_asked = true;
        let now = Instant::now();
        let (since, pause) = match &self.lost {
            Some(loss) => (loss.since, LONGEST_PAUSE.min(loss.pause * 2)),
            None => (now, FIRST_PAUSE),
        };
        if now.duration_since(since) > PATIENCE {
            return Err(self.unknown(&format!("it cannot be reached for {PATIENCE:?}: {reason}")));
        }
        tracing::debug!(host = self.host.name, reason, "link lost");
        self.lost = Some(Loss {
            since,
            pause,
            again_at: now + pause,
        });
        Ok(())
    }
}

/// Returns the hour of this machine's clock. It only says when a host is to clean up again.
pub(super) fn hour() -> i64 {
    now().as_second() / 3_600
}

#[expect(clippy::disallowed_methods, reason = "nothing is decided by it here")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Returns what became of ending a command.
pub(super) fn report_of(ending: Ending) -> KillReport {
    KillReport {
        ended: ending.count,
        names: ending.names,
        survivors: ending.left,
    }
}

fn end_of(ending: Ending) -> CommandEnd {
    match (ending.reason, ending.code) {
        (Some(Reason::Timeout), _) => CommandEnd::TimedOut(report_of(ending)),
        (Some(Reason::Limit), _) => CommandEnd::Flooded(report_of(ending)),
        (Some(Reason::Kill), _) => CommandEnd::Killed(report_of(ending)),
        (Some(Reason::Unwatched), _) => CommandEnd::Unwatched(report_of(ending)),
        (None, Some(code)) => CommandEnd::Exited { code },
        (None, None) => CommandEnd::Lost,
    }
}

fn one_line(text: &str) -> String {
    let clean = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    clean.take(300).collect()
}

/// Returns the number of a signal, as shells count it into exit codes.
fn signal_number(name: &str) -> i32 {
    let signal: Option<nix::sys::signal::Signal> = format!("SIG{name}").parse().ok();
    signal.map_or(0, |signal| signal as i32)
}
