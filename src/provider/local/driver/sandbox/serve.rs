//! Serves one request inside an instance, as a child of its pid 1.

use std::fs::File;
use std::io::{self, BufReader};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::fs::OFlags;
use serde::Serialize;

use crate::provider::local::driver::CommandEnd;

use super::entry::{take_stream, take_subject};
use super::failure::Failure;
use super::init::complain;
use super::process::{monotonic, pause};
use super::shepherd::{self, END_SIGNAL};
use super::spool::Claim;
use super::wire::{self, Reply, Request};
use super::{file, spool, tree};

/// Serves the request that comes over standard input; standard output is the spool folder.
pub(super) fn run() -> ExitCode {
    if let Err(errno) = nix::sys::prctl::set_name(shepherd::HELPER_NAME) {
        complain("taking a name", &errno);
    }
    let served = take_stream().and_then(|stream| Ok((stream, take_subject()?)));
    match served.and_then(|(stream, spool)| serve(stream, &spool)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain("serving a request", &error);
            ExitCode::FAILURE
        }
    }
}

fn serve(stream: UnixStream, spool: &OwnedFd) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    match wire::receive(&mut reader)? {
        Request::Invoke {
            invocation,
            command,
        } => {
            drop(reader);
            shepherd::run(stream, spool.as_fd(), &invocation, command)
        }
        Request::Kill { invocation } => answer(
            &stream,
            &end(spool, &invocation).map_err(Failure::system("ending the command")),
        ),
        Request::Survivors { invocation } => answer(
            &stream,
            &shepherd_of(spool, &invocation)
                .and_then(tree::names_below)
                .map_err(Failure::system("looking at the command")),
        ),
        Request::Quiesce { grace_milliseconds } => answer(
            &stream,
            &quiesce(Duration::from_millis(grace_milliseconds))
                .map_err(Failure::system("ending processes")),
        ),
        Request::Write(request) => answer(&stream, &file::write(&request, &mut reader)),
    }
}

fn answer<T: Serialize>(stream: &UnixStream, reply: &Reply<T>) -> io::Result<()> {
    wire::send(stream, reply)
}

/// Tells the shepherd of a command to end it. If that was killed, its work is done here.
fn end(spool: &OwnedFd, invocation: &str) -> io::Result<()> {
    if let Some(orphan) = Claim::adopt(spool.as_fd(), invocation)? {
        let (variable, value) = spool::mark(invocation);
        let report = tree::end_marked(&format!("{variable}={value}"))?;
        let is_gone = report.ended == 0 && report.survivors.is_empty();
        return orphan.finish(if is_gone {
            CommandEnd::Lost
        } else {
            CommandEnd::Unwatched(report)
        });
    }
    let pid = Pid::from_raw(shepherd_of(spool, invocation)?);
    // A shepherd that was stopped from inside is to hear it as well.
    for signal in [END_SIGNAL, Signal::SIGCONT] {
        match kill(pid, signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Returns the process number of a command's shepherd.
fn shepherd_of(spool: &OwnedFd, invocation: &str) -> io::Result<i32> {
    let path = format!("{invocation}/{}", spool::SHEPHERD);
    let text = io::read_to_string(File::from(spool::open_inside(
        spool,
        &path,
        OFlags::RDONLY,
    )?))?;
    let named = text.trim().parse().ok().filter(|pid| *pid > 1);
    named.ok_or_else(|| io::Error::other(format!("`{invocation}` names no process")))
}

/// Asks all processes to end and waits until only helpers are left or `grace` is over.
fn quiesce(grace: Duration) -> io::Result<()> {
    let deadline = monotonic() + grace;
    match kill(Pid::from_raw(-1), Signal::SIGTERM) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(errno) => return Err(errno.into()),
    }
    while monotonic() < deadline {
        let busy = tree::all()?
            .iter()
            .any(|stat| !stat.is_dead() && !shepherd::is_helper(stat));
        if !busy {
            return Ok(());
        }
        pause(Duration::from_millis(2));
    }
    Ok(())
}
