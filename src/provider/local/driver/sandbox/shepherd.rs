//! Starts one command, watches over it and records its end.
//!
//! The shepherd lives inside the instance and needs no driver: time limits hold and output is kept
//! while no `oos` runs at all.

use std::fs;
use std::io::{self, Write};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{OpenOptionsExt, fchown};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Instant;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::WaitStatus;
use rustix::event::{PollFd, PollFlags, poll};

use crate::provider::local::driver::{Command, CommandEnd};

use super::account::{self, Account};
use super::command::Prepared;
use super::entry::Role;
use super::failure::Failure;
use super::loader::{Loader, PRIVATE};
use super::process::{Stat, monotonic, timespec};
use super::spool::{self, Claim};
use super::tree;
use super::wire::{self, Reply};

/// Tells a shepherd to end its command.
pub(super) const END_SIGNAL: Signal = Signal::SIGUSR1;

/// Exit code of a command that could not be started, as shells have it.
const CANNOT_START: i32 = 126;

/// Name of helper processes as process lists show it.
pub(super) const HELPER_NAME: &std::ffi::CStr = c"oos-helper";

/// Tells whether a process looks like a helper of ours. Commands can look so too, which wins them
/// nothing but less time to end.
pub(super) fn is_helper(stat: &Stat) -> bool {
    stat.pid == 1 || HELPER_NAME.to_bytes() == stat.name.as_bytes()
}

/// Claims the invocation, answers, and if it was not claimed before runs the command to its end.
pub(super) fn run(
    stream: UnixStream,
    spool: BorrowedFd<'_>,
    invocation: &str,
    command: Command,
) -> io::Result<()> {
    let signals = block_signals()?;
    let claimed = find_account(&command).and_then(|account| {
        let claim = Claim::new(spool, invocation).map_err(Failure::system("claiming"))?;
        Ok(claim.map(|claim| (account, claim)))
    });
    match claimed {
        Err(failure) => wire::send(&stream, &Reply::<()>::Err(failure)),
        Ok(None) => wire::send(&stream, &Reply::Ok(())),
        Ok(Some((account, claim))) => {
            // A driver that died meanwhile attaches when it comes back.
            let _nobody = wire::send(&stream, &Reply::Ok(()));
            drop(stream);
            let script = format!("{PRIVATE}/{invocation}");
            let end = match start(&claim, &account, (invocation, &script), command) {
                Ok((child, deadline)) => watch(&signals, child, deadline)?,
                Err(error) => {
                    writeln!(
                        &claim.stderr,
                        "oos: the command could not be started: {error}"
                    )?;
                    CommandEnd::Exited { code: CANNOT_START }
                }
            };
            claim.finish(end)?;
            remove_script(&script)
        }
    }
}

fn block_signals() -> io::Result<SignalFd> {
    // What ends other processes (a broadcast by a command, a stop) must not end the shepherd.
    let mask: SigSet = [
        Signal::SIGCHLD,
        END_SIGNAL,
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGUSR2,
    ]
    .into_iter()
    .collect();
    mask.thread_block()?;
    Ok(SignalFd::with_flags(
        &mask,
        SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK,
    )?)
}

fn find_account(command: &Command) -> Result<Account, Failure> {
    if command.argv.is_empty() {
        return Err(Failure::Invalid("the command is empty".to_owned()));
    }
    let variables = command.environment.iter().flat_map(|(k, v)| [k, v]);
    if command
        .argv
        .iter()
        .chain(variables)
        .any(|text| text.contains('\0'))
    {
        return Err(Failure::Invalid("the command holds a zero byte".to_owned()));
    }
    account::find(command.user.as_deref().unwrap_or("root"))
}

/// Starts the command; returns its process number and when its time is up.
fn start(
    claim: &Claim,
    account: &Account,
    (invocation, script): (&str, &str),
    mut command: Command,
) -> io::Result<(i32, Instant)> {
    nix::sys::prctl::set_child_subreaper(true)?;
    if let Some(content) = &command.script {
        write_script(script, content, account)?;
    }
    let (variable, value) = spool::mark(invocation);
    command.environment.insert(variable, value);
    let prepared = Prepared {
        argv: command
            .argv
            .iter()
            .map(|argument| argument.replace("{script}", script))
            .collect(),
        environment: command.environment,
        directory: command.directory.unwrap_or_else(|| account.home.clone()),
        uid: account.uid,
        gid: account.gid,
        groups: account.groups.clone(),
    };
    let mut child = Loader::of_this_process()?
        .command(Role::Command)
        .stdin(Stdio::piped())
        .stdout(claim.stdout.try_clone()?)
        .stderr(claim.stderr.try_clone()?)
        .spawn()?;
    let deadline = monotonic()
        .checked_add(command.timeout)
        .ok_or_else(|| io::Error::other("the time limit is too long"))?;
    let input = child.stdin.take().expect("the pipe was asked for");
    wire::send(input, &prepared)?;
    let pid = i32::try_from(child.id()).expect("process numbers fit");
    Ok((pid, deadline))
}

fn write_script(path: &str, content: &str, account: &Account) -> io::Result<()> {
    let mut file = fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o500)
        .open(path)?;
    file.write_all(content.as_bytes())?;
    fchown(&file, Some(account.uid), Some(account.gid))
}

fn remove_script(path: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Waits until the command ends by itself or has to be ended.
fn watch(signals: &SignalFd, child: i32, deadline: Instant) -> io::Result<CommandEnd> {
    let mut exited = None;
    loop {
        let mut fds = [PollFd::new(signals, PollFlags::IN)];
        let left = deadline.saturating_duration_since(monotonic());
        match poll(&mut fds, Some(&timespec(left))) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let mut asked = false;
        while let Some(signal) = signals.read_signal()? {
            asked |= i32::try_from(signal.ssi_signo) == Ok(END_SIGNAL as i32);
        }
        tree::reap(&mut |status| exited = exited.or(exit_code(status, child)))?;
        if let Some(code) = exited {
            return Ok(CommandEnd::Exited { code });
        }
        if asked {
            return tree::end_descendants().map(CommandEnd::Killed);
        }
        if monotonic() >= deadline {
            return tree::end_descendants().map(CommandEnd::TimedOut);
        }
    }
}

/// Returns the exit code if it is `child` that ended.
fn exit_code(status: WaitStatus, child: i32) -> Option<i32> {
    match status {
        WaitStatus::Exited(pid, code) if pid.as_raw() == child => Some(code),
        WaitStatus::Signaled(pid, signal, _) if pid.as_raw() == child => Some(128 + signal as i32),
        _ => None,
    }
}
