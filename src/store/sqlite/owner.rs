//! Ownership by advisory locks on files, one a root execution. The kernel drops a lock with the
//! process that holds it, however that ends.
//!
//! These are locks of the open file, not of the process: two handles of one process exclude each
//! other like two processes, and asking who has one disturbs nobody who takes it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use crate::base::id::ExecutionId;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::fault::file_failed;
use crate::store::{OwnerGuard, Ownership, StoreError};

/// The folder of the locks in the data directory.
pub(super) const LOCKS: &str = "locks";

/// The lock of those who take up whatever is left to be done; no execution is called so.
const ATTENDANCE: &str = "attendance";

impl Ownership for SqliteStore {
    fn claim(&self, root: &ExecutionId) -> Result<Option<OwnerGuard>, StoreError> {
        let path = lock_path(&self.locks()?, root);
        claim(&path)
            .map(|held| held.map(OwnerGuard::new))
            .map_err(|error| file_failed("locking", &path, &error))
    }

    fn is_owned(&self, root: &ExecutionId) -> Result<bool, StoreError> {
        is_owned(&self.0.directory, root)
    }

    fn attend(&self) -> Result<OwnerGuard, StoreError> {
        let path = self.locks()?.join(ATTENDANCE);
        attend(&path)
            .map(OwnerGuard::new)
            .map_err(|error| file_failed("locking", &path, &error))
    }

    fn is_attended(&self) -> Result<bool, StoreError> {
        let path = self.0.directory.join(LOCKS).join(ATTENDANCE);
        is_locked(&path).map_err(|error| file_failed("looking at", &path, &error))
    }
}

impl SqliteStore {
    /// Returns the folder of the locks, which is there then.
    fn locks(&self) -> Result<PathBuf, StoreError> {
        let directory = self.0.directory.join(LOCKS);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .map_err(|error| file_failed("creating", &directory, &error))?;
        Ok(directory)
    }
}

/// Tells whether some process has an execution of the store in `directory`.
pub(super) fn is_owned(directory: &Path, root: &ExecutionId) -> Result<bool, StoreError> {
    let path = lock_path(&directory.join(LOCKS), root);
    is_locked(&path).map_err(|error| file_failed("looking at", &path, &error))
}

fn lock_path(directory: &Path, id: &ExecutionId) -> PathBuf {
    directory.join(id.root().as_str())
}

/// A lock that is held; the file goes with it.
struct Held {
    path: PathBuf,
    /// Closed, and with that unlocked, after the file was removed.
    _file: File,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            // A file that stays is in nobody's way: it is the lock that counts.
            tracing::debug!(path = %self.path.display(), %error, "lock file not removed");
        }
    }
}

fn claim(path: &Path) -> io::Result<Option<Held>> {
    loop {
        let file = open(path)?;
        match fcntl(&file, FcntlArg::F_OFD_SETLK(&whole_file())) {
            Ok(_) => {}
            Err(Errno::EAGAIN | Errno::EACCES) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        // The owner before may have removed the file between opening and locking; a lock on a
        // file without a name would keep nobody out.
        match fs::metadata(path) {
            Ok(named) if named.ino() == file.metadata()?.ino() => {
                return Ok(Some(Held {
                    path: path.to_owned(),
                    _file: file,
                }));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
}

/// Takes a lock that does not keep others from taking it, too. The file stays: it says nothing.
fn attend(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    let mut lock = whole_file();
    #[expect(clippy::cast_possible_truncation, reason = "F_RDLCK is tiny")]
    {
        lock.l_type = libc::F_RDLCK as libc::c_short;
    }
    fcntl(&file, FcntlArg::F_OFD_SETLKW(&lock))?;
    Ok(file)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

fn is_locked(path: &Path) -> io::Result<bool> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut lock = whole_file();
    fcntl(&file, FcntlArg::F_OFD_GETLK(&mut lock))?;
    Ok(i32::from(lock.l_type) != libc::F_UNLCK)
}

fn whole_file() -> libc::flock {
    // The constants are small numbers whose type differs from the fields' on some platforms.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "F_WRLCK and SEEK_SET are tiny"
    )]
    libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}
