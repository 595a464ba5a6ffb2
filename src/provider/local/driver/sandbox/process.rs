//! Processes seen from outside: who they are, whether they live, how they are ended.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

/// A process, told apart from later ones of the same number by its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct ProcessId {
    pid: i32,
    /// Clock ticks from boot to its start.
    started: u64,
}

impl ProcessId {
    /// Returns the calling process as the mounted `/proc` sees it: inside a new pid namespace whose
    /// `/proc` is still the host's, that is the host's number.
    pub(super) fn of_this_process() -> io::Result<Self> {
        Stat::read("self").map(|stat| Self {
            pid: stat.pid,
            started: stat.started,
        })
    }

    /// Opens the process if it is still this one and not a corpse.
    pub(super) fn open(self) -> io::Result<Option<OwnedFd>> {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return Ok(None);
        };
        let fd = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => fd,
            Err(rustix::io::Errno::SRCH) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        // Read after the handle was opened: the number cannot have passed on in between.
        match Stat::read(&self.pid.to_string()) {
            Ok(stat) if stat.started == self.started && !stat.is_dead() => Ok(Some(fd)),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Kills the process behind a handle; one that is gone is fine.
pub(super) fn kill(process: &OwnedFd) -> io::Result<()> {
    match pidfd_send_signal(process, Signal::KILL) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Waits until the process behind a handle has ended; returns false if `limit` came first.
pub(super) fn await_end(process: &OwnedFd, limit: Duration) -> io::Result<bool> {
    let mut fds = [PollFd::new(process, PollFlags::IN)];
    Ok(poll(&mut fds, Some(&timespec(limit)))? > 0)
}

/// Lets time pass in a helper process, which has one thread and no timers.
pub(super) fn pause(time: Duration) {
    // A signal that ends the pause early does no harm: callers look again in a loop.
    let _early = poll(&mut [], Some(&timespec(time)));
}

/// Returns the time that deadlines of helper processes are measured by.
#[expect(
    clippy::disallowed_methods,
    reason = "a helper process is its own world: nobody hands it a clock"
)]
pub(super) fn monotonic() -> std::time::Instant {
    std::time::Instant::now()
}

/// Returns a duration as the kernel takes it.
pub(super) fn timespec(time: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    }
}

/// What `/proc/PID/stat` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stat {
    pub(super) pid: i32,
    pub(super) name: String,
    pub(super) state: u8,
    pub(super) parent: i32,
    pub(super) started: u64,
}

impl Stat {
    /// Reads the state of a process, by number or as `self`.
    pub(super) fn read(pid: &str) -> io::Result<Self> {
        let text = fs::read(format!("/proc/{pid}/stat"))?;
        Self::parse(&String::from_utf8_lossy(&text))
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "unreadable /proc/PID/stat"))
    }

    /// Tells whether the process has ended and only waits to be noticed.
    pub(super) fn is_dead(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }

    /// Reads `PID (NAME) STATE PARENT ...`; the name may hold anything, also `) Z 1`.
    fn parse(text: &str) -> Option<Self> {
        let (pid, rest) = text.split_once(" (")?;
        let (name, rest) = rest.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        Some(Self {
            pid: pid.parse().ok()?,
            name: name.to_owned(),
            state: *fields.first()?.as_bytes().first()?,
            parent: fields.get(1)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_fields_does_not_confuse() {
        let text = "42 (a) Z 1 (x)) S 7 1 1 0 -1 4 5 6 7 8 9 10 11 12 20 0 1 0 987654 21 22";
        let stat = Stat::parse(text).unwrap();
        assert_eq!(stat.name, "a) Z 1 (x)");
        assert_eq!((stat.pid, stat.parent, stat.started), (42, 7, 987_654));
        assert!(!stat.is_dead());
    }

    #[test]
    fn this_process_is_found_again_and_an_earlier_one_of_its_number_is_not() {
        let this = ProcessId::of_this_process().unwrap();
        assert!(this.open().unwrap().is_some());
        let other = ProcessId {
            started: this.started + 1,
            ..this
        };
        assert!(other.open().unwrap().is_none());
    }
}
