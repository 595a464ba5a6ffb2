//! Ends everything that a process has started, whatever it did to get away.
//!
//! The caller is a child subreaper: processes whose parent ended become its children, so that
//! whatever was started below it stays its descendant through double forks and new sessions.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::provider::local::driver::KillReport;

use super::process::{Stat, monotonic, pause};

/// How long is tried before what is left is reported as survivors.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process, told apart from later ones of its number.
type Identity = (i32, u64);

/// Ends all descendants of the calling process and reaps its children, each of which is told to
/// `reaped`.
pub(super) fn end_descendants(mut reaped: impl FnMut(WaitStatus)) -> io::Result<KillReport> {
    let this = i32::try_from(std::process::id()).expect("process numbers fit");
    let deadline = monotonic() + PATIENCE;
    let mut found: HashSet<Identity> = HashSet::new();
    // What is stopped cannot start anything: once a pass finds nobody new, nobody will appear.
    loop {
        let mut news = false;
        for stat in living_descendants(this)? {
            if found.insert((stat.pid, stat.started)) {
                news = true;
                signal(stat.pid, Signal::SIGSTOP)?;
            }
        }
        if !news || monotonic() > deadline {
            break;
        }
    }
    loop {
        let living = living_descendants(this)?;
        if living.is_empty() || monotonic() > deadline {
            return Ok(report(&found, &living));
        }
        for stat in &living {
            found.insert((stat.pid, stat.started));
            signal(stat.pid, Signal::SIGKILL)?;
        }
        reap(&mut reaped)?;
        pause(Duration::from_millis(1));
    }
}

fn report(found: &HashSet<Identity>, living: &[Stat]) -> KillReport {
    KillReport {
        ended: u32::try_from(found.len().saturating_sub(living.len())).unwrap_or(u32::MAX),
        survivors: living
            .iter()
            .map(|stat| format!("{} {}", stat.pid, stat.name))
            .collect(),
    }
}

/// Reaps all children that have ended.
pub(super) fn reap(reaped: &mut impl FnMut(WaitStatus)) -> io::Result<()> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return Ok(()),
            Ok(status) => reaped(status),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn signal(pid: i32, signal: Signal) -> io::Result<()> {
    match kill(Pid::from_raw(pid), signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn living_descendants(of: i32) -> io::Result<Vec<Stat>> {
    Ok(descendants(all()?, of)
        .into_iter()
        .filter(|stat| !stat.is_dead())
        .collect())
}

/// Lists the processes of this pid namespace.
pub(super) fn all() -> io::Result<Vec<Stat>> {
    let mut stats = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name
            .to_str()
            .filter(|name| name.bytes().all(|b| b.is_ascii_digit()))
        else {
            continue;
        };
        // A process that ended while the list was read is not on it.
        if let Ok(stat) = Stat::read(pid) {
            stats.push(stat);
        }
    }
    Ok(stats)
}

fn descendants(all: Vec<Stat>, of: i32) -> Vec<Stat> {
    let mut children: HashMap<i32, Vec<Stat>> = HashMap::new();
    for stat in all {
        children.entry(stat.parent).or_default().push(stat);
    }
    let mut result = Vec::new();
    let mut parents = vec![of];
    while let Some(parent) = parents.pop() {
        for stat in children.remove(&parent).unwrap_or_default() {
            parents.push(stat.pid);
            result.push(stat);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descendants_are_found_in_any_depth_and_others_are_not() {
        let stat = |pid, parent| Stat {
            pid,
            name: String::new(),
            state: b'S',
            parent,
            started: 1,
        };
        let all = vec![stat(1, 0), stat(5, 1), stat(6, 5), stat(7, 6), stat(8, 1)];
        let mut pids: Vec<i32> = descendants(all, 5).iter().map(|stat| stat.pid).collect();
        pids.sort_unstable();
        assert_eq!(pids, [6, 7]);
    }
}
