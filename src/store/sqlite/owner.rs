//! Ownership by advisory locks on ranges of one file: each root execution is one byte of it, at a place that
//! follows from its id. Nothing is written, and the file stays empty; a file for each execution would have
//! to be made and removed each time, which costs more than all else in a start. The kernel drops a lock
//! with the process that holds it, however that ends.
//!
//! These are locks of the open file, not of the process: two stores of one process exclude each
//! other like two processes, and asking who has one disturbs nobody who takes it.

use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::fault::file_failed;
use crate::store::{OwnerGuard, Ownership, StoreError};

/// The folder of the locks in the data directory.
pub(super) const LOCKS: &str = "locks";

/// The file whose bytes stand for executions.
const EXECUTIONS: &str = "executions";

/// The lock of those who take up whatever is left to be done.
const ATTENDANCE: &str = "attendance";

impl Ownership for SqliteStore {
    fn claim(&self, root: &ExecutionId) -> Result<Option<OwnerGuard>, StoreError> {
        let owners = &self.0.owners;
        let claimed = owners.claim(root);
        claimed
            .map(|held| held.map(OwnerGuard::new))
            .map_err(|error| file_failed("locking", &owners.folder.join(EXECUTIONS), &error))
    }

    fn is_owned(&self, root: &ExecutionId) -> Result<bool, StoreError> {
        self.0.owners.is_owned(root)
    }

    fn attend(&self) -> Result<OwnerGuard, StoreError> {
        let path = self.0.owners.folder.join(ATTENDANCE);
        make_folder(&self.0.owners.folder)
            .and_then(|()| attend(&path))
            .map(OwnerGuard::new)
            .map_err(|error| file_failed("locking", &path, &error))
    }

    fn is_attended(&self) -> Result<bool, StoreError> {
        let path = self.0.owners.folder.join(ATTENDANCE);
        is_locked(&path, &whole_file()).map_err(|error| file_failed("looking at", &path, &error))
    }
}

/// Which executions this store and others have.
#[derive(Debug)]
pub(super) struct Owners {
    folder: PathBuf,
    /// Opened with the first claim.
    file: OnceLock<File>,
    /// What this store has: its own locks do not keep it out.
    held: Mutex<HashSet<ExecutionId>>,
}

impl Owners {
    /// Knows the executions of the store in `directory`.
    pub(super) fn of(directory: &Path) -> Arc<Self> {
        Arc::new(Self {
            folder: directory.join(LOCKS),
            file: OnceLock::new(),
            held: Mutex::default(),
        })
    }

    /// Tells whether some process has an execution.
    pub(super) fn is_owned(&self, id: &ExecutionId) -> Result<bool, StoreError> {
        let root = id.root();
        if self.held().contains(&root) {
            return Ok(true);
        }
        let path = self.folder.join(EXECUTIONS);
        is_locked(&path, &byte_of(&root)).map_err(|error| file_failed("looking at", &path, &error))
    }

    fn claim(self: &Arc<Self>, id: &ExecutionId) -> io::Result<Option<Held>> {
        let root = id.root();
        let mut held = self.held();
        if held.contains(&root) {
            return Ok(None);
        }
        match fcntl(self.file()?, FcntlArg::F_OFD_SETLK(&byte_of(&root))) {
            Ok(_) => {}
            Err(Errno::EAGAIN | Errno::EACCES) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        held.insert(root.clone());
        Ok(Some(Held {
            owners: Arc::clone(self),
            root,
        }))
    }

    fn give_back(&self, root: &ExecutionId) -> io::Result<()> {
        let mut held = self.held();
        let byte = of_kind(libc::F_UNLCK, byte_of(root));
        fcntl(self.file()?, FcntlArg::F_OFD_SETLK(&byte))?;
        held.remove(root);
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, HashSet<ExecutionId>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        make_folder(&self.folder)?;
        let file = open(&self.folder.join(EXECUTIONS))?;
        Ok(self.file.get_or_init(|| file))
    }
}

/// An execution that this store has.
struct Held {
    owners: Arc<Owners>,
    root: ExecutionId,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Err(error) = self.owners.give_back(&self.root) {
            // It stays with this process until that ends, and nobody works on it twice.
            tracing::error!(execution = %self.root, %error, "it cannot be given back");
        }
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Takes a lock that does not keep others from taking it, too.
fn attend(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    fcntl(
        &file,
        FcntlArg::F_OFD_SETLKW(&of_kind(libc::F_RDLCK, whole_file())),
    )?;
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

/// Tells whether another open file has a lock on `range`. A disk may be read-only.
fn is_locked(path: &Path, range: &libc::flock) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut lock = *range;
    fcntl(&file, FcntlArg::F_OFD_GETLK(&mut lock))?;
    Ok(i32::from(lock.l_type) != libc::F_UNLCK)
}

/// Returns the byte of an execution: 62 bits of its digest. Two that had the same one would merely wait for
/// each other.
fn byte_of(root: &ExecutionId) -> libc::flock {
    let digest = Digest::of(root.as_str().as_bytes());
    let bits = u64::from_str_radix(&digest.hex()[..16], 16);
    let bits = bits.expect("a digest is written in hexadecimal") >> 2;
    libc::flock {
        l_start: i64::try_from(bits).expect("62 bits are left"),
        l_len: 1,
        ..whole_file()
    }
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

fn of_kind(kind: libc::c_int, range: libc::flock) -> libc::flock {
    #[expect(clippy::cast_possible_truncation, reason = "kinds of locks are tiny")]
    let l_type = kind as libc::c_short;
    libc::flock { l_type, ..range }
}
