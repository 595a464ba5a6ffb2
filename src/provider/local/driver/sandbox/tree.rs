//! Ends everything that a process has started, whatever it did to get away.
//!
//! A shepherd is a child subreaper: processes whose parent ended become its children, so that
//! whatever was started below it stays its descendant through double forks and new sessions. What a
//! killed shepherd leaves behind is found by the mark in its environment, unless it dropped that.

use std::collections::{BTreeMap, HashMap};
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

/// Names of processes, each told apart from later ones of its number by its start.
type Found = BTreeMap<(i32, u64), String>;

/// Is shown one process after the other.
type Visit<'a> = &'a mut dyn FnMut(Stat) -> io::Result<()>;

/// Ends all descendants of the calling process and reaps its children.
pub(super) fn end_descendants() -> io::Result<KillReport> {
    let this = i32::try_from(std::process::id()).expect("process numbers fit");
    end_all(|visit| living_below(this)?.into_iter().try_for_each(visit))
}

/// Ends all processes that have `mark` in their environment, and all below them.
pub(super) fn end_marked(mark: &str) -> io::Result<KillReport> {
    end_all(|visit| visit_marked(mark, visit))
}

/// Lists what lives below a process, as `pid name`.
pub(super) fn names_below(pid: i32) -> io::Result<Vec<String>> {
    Ok(living_below(pid)?.iter().map(name).collect())
}

/// Ends all living processes that `each` shows.
fn end_all(each: impl Fn(Visit<'_>) -> io::Result<()>) -> io::Result<KillReport> {
    let deadline = monotonic() + PATIENCE;
    let mut found = Found::new();
    // What is stopped cannot start anything: once a pass finds nobody new, nobody will appear.
    loop {
        let mut news = false;
        each(&mut |stat| {
            signal(stat.pid, Signal::SIGSTOP)?;
            let known = found.insert((stat.pid, stat.started), name(&stat));
            news |= known.is_none();
            Ok(())
        })?;
        if !news || monotonic() > deadline {
            break;
        }
    }
    loop {
        let mut living = Vec::new();
        each(&mut |stat| {
            signal(stat.pid, Signal::SIGKILL)?;
            found.insert((stat.pid, stat.started), name(&stat));
            living.push(stat);
            Ok(())
        })?;
        if living.is_empty() || monotonic() > deadline {
            return Ok(report(found, &living));
        }
        reap(&mut |_| {})?;
        pause(Duration::from_millis(1));
    }
}

fn report(mut found: Found, living: &[Stat]) -> KillReport {
    for stat in living {
        found.remove(&(stat.pid, stat.started));
    }
    KillReport {
        ended: u32::try_from(found.len()).unwrap_or(u32::MAX),
        names: found.into_values().take(KillReport::NAMED).collect(),
        survivors: living.iter().map(name).collect(),
    }
}

fn name(stat: &Stat) -> String {
    format!("{} {}", stat.pid, stat.name)
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

fn living_below(pid: i32) -> io::Result<Vec<Stat>> {
    Ok(descendants(all()?, vec![pid])
        .into_iter()
        .filter(|stat| !stat.is_dead())
        .collect())
}

/// Shows each as soon as it is found: a fork bomb that is not stopped yet slows the reading down.
fn visit_marked(mark: &str, visit: Visit<'_>) -> io::Result<()> {
    let (mut others, mut parents) = (Vec::new(), Vec::new());
    for stat in all()? {
        if is_marked(&stat, mark) {
            parents.push(stat.pid);
            if !stat.is_dead() {
                visit(stat)?;
            }
        } else {
            others.push(stat);
        }
    }
    let below = descendants(others, parents).into_iter();
    below.filter(|stat| !stat.is_dead()).try_for_each(visit)
}

fn is_marked(stat: &Stat, mark: &str) -> bool {
    // What has ended meanwhile needs no end.
    let environment = fs::read(format!("/proc/{}/environ", stat.pid)).unwrap_or_default();
    let mut variables = environment.split(|byte| *byte == 0);
    variables.any(|variable| variable == mark.as_bytes())
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

fn descendants(all: Vec<Stat>, mut parents: Vec<i32>) -> Vec<Stat> {
    let mut children: HashMap<i32, Vec<Stat>> = HashMap::new();
    for stat in all {
        children.entry(stat.parent).or_default().push(stat);
    }
    let mut result = Vec::new();
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
        let mut pids: Vec<i32> = descendants(all, vec![5])
            .iter()
            .map(|stat| stat.pid)
            .collect();
        pids.sort_unstable();
        assert_eq!(pids, [6, 7]);
    }
}
