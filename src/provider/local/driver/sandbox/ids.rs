//! Which ids of the host stand behind the ids of an instance.
//!
//! Host root is never mapped: the kernel lets its id change much of `/proc/sys` whatever the
//! namespace. What belongs to an instance therefore belongs to other ids on the host.

use std::fs;
use std::io;
use std::path::Path;

use nix::unistd::{Gid, Uid};

/// First id of the host that root hands to instances; above what `/etc/subuid` and systemd give
/// away by default.
const SHIFTED: u32 = 0x7000_0000;

/// How many ids an instance has when root starts it.
const COUNT: u32 = 0x1_0000;

/// The id map of all instances of this process's user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ids {
    /// The host's user id behind the instance's root.
    pub(super) uid: u32,
    /// The host's group id behind the instance's root group.
    pub(super) gid: u32,
    /// How many ids follow it, itself included.
    count: u32,
}

impl Ids {
    /// Returns the map that this process can set up: a shifted range for the host's root, itself as
    /// the only id for anybody else (also for the root of a container's user namespace, who has no
    /// ids to give).
    pub(super) fn of_this_process() -> io::Result<Self> {
        if Uid::effective().is_root() && is_initial(&fs::read_to_string("/proc/self/uid_map")?) {
            return Ok(Self {
                uid: SHIFTED,
                gid: SHIFTED,
                count: COUNT,
            });
        }
        Ok(Self {
            uid: Uid::effective().as_raw(),
            gid: Gid::effective().as_raw(),
            count: 1,
        })
    }

    /// Maps the ids into the user namespace that process `pid` has just made.
    pub(super) fn map_into(self, pid: u32) -> io::Result<()> {
        let folder = Path::new("/proc").join(pid.to_string());
        if self.is_same_user() {
            fs::write(folder.join("setgroups"), "deny")?;
        }
        let line = |outer: u32| format!("0 {outer} {}\n", self.count);
        fs::write(folder.join("uid_map"), line(self.uid))?;
        fs::write(folder.join("gid_map"), line(self.gid))
    }

    /// Tells whether the instance's root is this process's user under another name.
    pub(super) fn is_same_user(self) -> bool {
        self.count == 1
    }

    /// Gives `path` itself to the instances' root.
    pub(super) fn give(self, path: &Path) -> io::Result<()> {
        if self.is_same_user() {
            return Ok(());
        }
        std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid))
    }
}

/// Tells whether a `uid_map` is that of the host itself.
fn is_initial(map: &str) -> bool {
    map.split_whitespace().eq(["0", "0", "4294967295"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_identity_map_is_the_host() {
        assert!(is_initial("         0          0 4294967295\n"));
        assert!(!is_initial("0 1000 1\n"));
        assert!(!is_initial("0 1000 1\n1 100000 65536\n"));
        assert!(!is_initial(""));
    }
}
