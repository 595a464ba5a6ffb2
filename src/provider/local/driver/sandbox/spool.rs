//! The spool: one folder an invocation, where its output and its end are kept until they are
//! acknowledged.
//!
//! A folder appears whole, by a rename that only one can win: that is what makes a command start at
//! most once. Processes of the instance may tamper with it, so its readers trust nothing in it.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, RenameFlags, ResolveFlags, flock, fsync, mkdirat,
    openat, openat2, renameat, renameat_with, statat, unlinkat,
};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::base::output::Channel;
use crate::provider::local::driver::CommandEnd;

/// Locked as long as the command's shepherd lives; holds its process number inside.
pub(super) const SHEPHERD: &str = "shepherd";
/// Says how the command ended.
pub(super) const END: &str = "end.json";
/// What that is until it is whole.
const DRAFT: &str = ".end";

/// How a command ended and how much output it had by then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) end: CommandEnd,
    pub(super) stdout: u64,
    pub(super) stderr: u64,
}

/// Returns the name of the file of a channel.
pub(super) fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Stdout => "stdout",
        Channel::Stderr => "stderr",
    }
}

/// Returns the name of the mark that stays of an acknowledged invocation.
pub(super) fn mark_name(invocation: &str) -> String {
    format!(".done-{invocation}")
}

/// Returns the variable by which processes of an invocation are found when nobody watches over them
/// any more: its name and value.
pub(super) fn mark(invocation: &str) -> (String, String) {
    ("OOS_INVOCATION".to_owned(), invocation.to_owned())
}

/// Opens something in a spool folder for reading, following no link that was planted there.
pub(super) fn open_inside(folder: impl AsFd, name: &str, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    Ok(openat2(folder, name, flags, Mode::empty(), resolve)?)
}

/// Tells whether something of this name is in the folder.
pub(super) fn exists(folder: impl AsFd, name: &str) -> io::Result<bool> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// The folder of a command that this process may start.
#[derive(Debug)]
pub(super) struct Claim {
    folder: OwnedFd,
    /// Takes the command's standard output.
    pub(super) stdout: File,
    /// Takes the command's standard error.
    pub(super) stderr: File,
    /// Unlocked by the kernel when this process ends, however it ends.
    _lock: File,
}

impl Claim {
    /// Claims an invocation; returns `None` if it was claimed before. Durable when it returns.
    pub(super) fn new(spool: BorrowedFd<'_>, invocation: &str) -> io::Result<Option<Self>> {
        if exists(spool, invocation)? || exists(spool, &mark_name(invocation))? {
            return Ok(None);
        }
        let pid = std::process::id();
        let draft = format!(".new-{pid}-{invocation}");
        mkdirat(spool, &draft, Mode::RWXU)?;
        let folder = open_inside(spool, &draft, OFlags::DIRECTORY)?;
        let mut lock = create(&folder, SHEPHERD)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        write!(lock, "{pid}")?;
        let claim = Self {
            stdout: create(&folder, channel_name(Channel::Stdout))?,
            stderr: create(&folder, channel_name(Channel::Stderr))?,
            folder,
            _lock: lock,
        };
        match renameat_with(spool, &draft, spool, invocation, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(Errno::EXIST) => {
                claim.discard(spool, &draft)?;
                return Ok(None);
            }
            Err(errno) => return Err(errno.into()),
        }
        // Once the command runs, not even a power failure may make us forget that it was started.
        fsync(spool)?;
        Ok(Some(claim))
    }

    /// Takes over a command whose shepherd was killed; `None` if it has one or has ended.
    pub(super) fn adopt(spool: BorrowedFd<'_>, invocation: &str) -> io::Result<Option<Self>> {
        let folder = open_inside(spool, invocation, OFlags::DIRECTORY)?;
        let open = |name| open_inside(&folder, name, OFlags::RDONLY).map(File::from);
        let lock = open(SHEPHERD)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        }
        if exists(&folder, END)? {
            return Ok(None);
        }
        // The shepherd may have been killed while it wrote.
        match unlinkat(&folder, DRAFT, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(Some(Self {
            stdout: open(channel_name(Channel::Stdout))?,
            stderr: open(channel_name(Channel::Stderr))?,
            folder,
            _lock: lock,
        }))
    }

    fn discard(&self, spool: BorrowedFd<'_>, draft: &str) -> io::Result<()> {
        for name in ["stdout", "stderr", SHEPHERD] {
            unlinkat(&self.folder, name, AtFlags::empty())?;
        }
        Ok(unlinkat(spool, draft, AtFlags::REMOVEDIR)?)
    }

    /// Records how the command ended. Output that comes later from processes it left behind is not
    /// the command's any more.
    pub(super) fn finish(&self, end: CommandEnd) -> io::Result<()> {
        let ended = Ended {
            end,
            stdout: self.stdout.metadata()?.len(),
            stderr: self.stderr.metadata()?.len(),
        };
        create(&self.folder, DRAFT)?.write_all(&serde_json::to_vec(&ended)?)?;
        Ok(renameat(&self.folder, DRAFT, &self.folder, END)?)
    }
}

fn create(folder: impl AsFd, name: &str) -> io::Result<File> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::APPEND | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spool() -> (tempfile::TempDir, File) {
        let folder = tempfile::tempdir().unwrap();
        let file = File::open(folder.path()).unwrap();
        (folder, file)
    }

    #[test]
    fn an_invocation_is_claimed_once() {
        let (_folder, spool) = spool();
        let claim = Claim::new(spool.as_fd(), "c-1").unwrap().unwrap();
        assert!(Claim::new(spool.as_fd(), "c-1").unwrap().is_none());
        drop(claim);
        assert!(Claim::new(spool.as_fd(), "c-1").unwrap().is_none());
        assert!(Claim::new(spool.as_fd(), "c-2").unwrap().is_some());
    }

    #[test]
    fn an_acknowledged_invocation_is_not_claimed_again() {
        let (folder, spool) = spool();
        std::fs::write(folder.path().join(mark_name("c-1")), "").unwrap();
        assert!(Claim::new(spool.as_fd(), "c-1").unwrap().is_none());
    }

    #[test]
    fn only_a_command_without_shepherd_and_end_is_adopted() {
        let (_folder, spool) = spool();
        let claim = Claim::new(spool.as_fd(), "c-1").unwrap().unwrap();
        assert!(Claim::adopt(spool.as_fd(), "c-1").unwrap().is_none());
        create(&claim.folder, DRAFT).unwrap();
        drop(claim);
        let adopted = Claim::adopt(spool.as_fd(), "c-1").unwrap().unwrap();
        adopted.finish(CommandEnd::Lost).unwrap();
        drop(adopted);
        assert!(Claim::adopt(spool.as_fd(), "c-1").unwrap().is_none());
    }

    #[test]
    fn planted_links_are_not_followed() {
        let (folder, spool) = spool();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("stdout")).unwrap();
        std::os::unix::fs::symlink("/etc", folder.path().join("dir")).unwrap();
        assert!(open_inside(&spool, "stdout", OFlags::RDONLY).is_err());
        assert!(open_inside(&spool, "dir/passwd", OFlags::RDONLY).is_err());
        assert!(open_inside(&spool, "../x", OFlags::RDONLY).is_err());
    }
}
