//! Pid 1 of an instance: sets it up, hands requests to helpers and reaps what nobody else reaps.
//!
//! It does nothing that could block or fail for lack of processes, because everything in the
//! instance dies with it.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{ExitCode, Stdio};

use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FlockOperation, Mode, flock};

use super::entry::{Role, take_stream, take_subject};
use super::failure::{Failure, Step};
use super::loader::Loader;
use super::process::{ProcessId, Stat};
use super::wire::{self, Reply, Start};
use super::{layout, mounts, shepherd};

/// Runs pid 1 until it is killed.
pub(super) fn run() -> ExitCode {
    let Ok(stream) = take_stream() else {
        return ExitCode::FAILURE;
    };
    let ready = match set_up(&stream) {
        Ok(ready) => ready,
        Err(failure) => {
            // If the driver is gone, nobody is left to be told.
            let _nobody = wire::send(&stream, &Reply::<()>::Err(failure));
            return ExitCode::FAILURE;
        }
    };
    // A driver that died meanwhile finds the instance running when it comes back.
    let _nobody = wire::send(&stream, &Reply::Ok(()));
    drop(stream);
    match ready.serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain("serving the instance", &error);
            ExitCode::FAILURE
        }
    }
}

/// Writes to the instance's log, which is standard error of all helpers.
pub(super) fn complain(step: &str, error: &dyn std::fmt::Display) {
    // Nothing can be done about a log that takes no more.
    let _full = writeln!(io::stderr(), "{step}: {error}");
}

/// What pid 1 holds.
struct Init {
    listener: UnixListener,
    loader: Loader,
    spool: OwnedFd,
    signals: SignalFd,
    /// Locked until the end: that is how others see that the instance runs.
    _alive: File,
}

fn set_up(stream: &UnixStream) -> Result<Init, Failure> {
    let prepare = || Failure::system::<io::Error>("preparing pid 1");
    let start: Start = wire::receive(&mut BufReader::new(stream)).map_err(prepare())?;
    let listener = UnixListener::from(take_subject().map_err(prepare())?);
    listener.set_nonblocking(true).map_err(prepare())?;
    let alive = announce().map_err(prepare())?;
    rustix::process::umask(Mode::WGRP | Mode::WOTH);
    let loader = Loader::of_this_process().map_err(prepare())?;
    let spool = mounts::enter(&start, &loader)?;
    nix::unistd::sethostname(&start.hostname).map_err(Failure::at(Step::Hostname))?;
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    mask.thread_block()
        .map_err(Failure::system("blocking signals"))?;
    let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        .map_err(Failure::system("receiving signals"))?;
    Ok(Init {
        listener,
        loader: loader.inside(),
        spool,
        signals,
        _alive: alive,
    })
}

/// Says who this process is to the host, in a file that stays locked for as long as it lives.
fn announce() -> io::Result<File> {
    let mut alive = File::options().write(true).open(layout::ALIVE)?;
    flock(&alive, FlockOperation::LockExclusive)?;
    alive.set_len(0)?;
    wire::send(&mut alive, &ProcessId::of_this_process()?)?;
    Ok(alive)
}

impl Init {
    fn serve(&self) -> io::Result<()> {
        loop {
            let mut fds = [
                PollFd::new(&self.listener, PollFlags::IN),
                PollFd::new(&self.signals, PollFlags::IN),
            ];
            match poll(&mut fds, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            self.accept();
            self.reap()?;
        }
    }

    /// Hands one connection to a helper of its own.
    fn accept(&self) {
        let stream = match self.listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(error) => return complain("accepting a request", &error),
        };
        if let Err(error) = self.spawn(stream) {
            complain("serving a request", &error);
        }
    }

    fn spawn(&self, stream: UnixStream) -> io::Result<()> {
        self.loader
            .command(Role::Serve)
            .stdin(Stdio::from(OwnedFd::from(stream)))
            .stdout(Stdio::from(self.spool.as_fd().try_clone_to_owned()?))
            .spawn()?;
        Ok(())
    }

    fn reap(&self) -> io::Result<()> {
        while self.signals.read_signal()?.is_some() {}
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
                Ok(WaitStatus::StillAlive) | Err(nix::errno::Errno::ECHILD) => return Ok(()),
                Ok(WaitStatus::Stopped(pid, _)) => go_on(pid),
                Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// Continues a helper that a command has stopped: time limits hold and ends are heard all the same.
fn go_on(pid: Pid) {
    let is_helper = Stat::read(&pid.to_string()).is_ok_and(|stat| shepherd::is_helper(&stat));
    if is_helper && let Err(errno) = kill(pid, Signal::SIGCONT) {
        complain("continuing a helper", &errno);
    }
}
