//! Where things are under the state folder.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::base::digest::Digest;
use crate::provider::local::driver::DriverError;

use super::ids::Ids;

/// Names inside an instance's folder, which is the working directory of the process that makes it.
pub(super) const UPPER: &str = "upper";
/// The overlay's work folder.
pub(super) const WORK: &str = "work";
/// Where the root is mounted before it becomes the root.
pub(super) const ROOT: &str = "root";
/// Lowest layer: the small `/etc` and the empty folders of image `host`.
pub(super) const SKELETON: &str = "skeleton";
/// Layer over all others: host name and name servers.
pub(super) const IDENTITY: &str = "identity";
/// What was started in it.
pub(super) const INVOCATIONS: &str = "invocations";
/// The socket of its pid 1.
pub(super) const SOCKET: &str = "control.sock";
/// Locked as long as its pid 1 lives; holds who that is.
pub(super) const ALIVE: &str = "alive";
/// Where our own executable is bound read-only.
pub(super) const EXECUTABLE: &str = "executable";
/// What the helpers complain about.
pub(super) const LOG: &str = "log";
/// The [`InstanceSpec`](crate::provider::local::driver::InstanceSpec).
pub(super) const SPEC: &str = "spec.json";
/// Locked while somebody starts, stops or changes the instance.
pub(super) const LOCK: &str = "lock";

/// The state folder: `instances/ID/` and `layers/`.
///
/// Its folders belong to the instances' root, so that a helper that has become that user finds
/// everything by relative paths while nobody else gets in.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Makes the folders.
    pub(super) fn prepare(&self, ids: Ids) -> io::Result<()> {
        for folder in [self.root.clone(), self.instances(), self.layers()] {
            make_private(&folder, ids)?;
        }
        Ok(())
    }

    pub(super) fn instances(&self) -> PathBuf {
        self.root.join("instances")
    }

    pub(super) fn layers(&self) -> PathBuf {
        self.root.join("layers")
    }

    /// Returns the folder of an instance.
    pub(super) fn instance(&self, id: &str) -> Result<PathBuf, DriverError> {
        check_name("instance id", id)?;
        Ok(self.instances().join(id))
    }

    /// Returns the folder that a layer is unpacked to.
    pub(super) fn layer(&self, digest: &Digest) -> PathBuf {
        self.layers().join(digest.hex())
    }

    /// Returns the archive of a layer.
    pub(super) fn archive(&self, digest: &Digest) -> PathBuf {
        self.layers().join(format!("{}.tar.zst", digest.hex()))
    }
}

/// Makes a folder that only the instances' root (and the host's) can enter.
pub(super) fn make_private(folder: &Path, ids: Ids) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    ids.give(folder)
}

/// Refuses names that could leave their folder or clash with ours.
pub(super) fn check_name(what: &str, name: &str) -> Result<(), DriverError> {
    let valid = (1..=128).contains(&name.len())
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if valid {
        return Ok(());
    }
    Err(DriverError::Invalid {
        reason: format!(
            "`{}` is not a valid {what}: 1 to 128 letters, digits, `-`, `_`, `.` are allowed",
            name.escape_debug()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_their_folder_are_refused() {
        for name in ["i-1", "exec-01jd.0001-2", "a_b"] {
            assert!(check_name("id", name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", ".new", "a/b", "a\0b", "ä", &"a".repeat(129)] {
            assert!(check_name("id", name).is_err(), "{name}");
        }
    }
}
