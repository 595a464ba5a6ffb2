//! Remembering a key that is new: one line at the end of a file, under a lock, so that processes that
//! learn at the same time lose nothing and never take two keys for one host.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Arc, PoisonError};

use nix::fcntl::{Flock, FlockArg};

use crate::provider::ssh::known_hosts::check::HostCheck;
use crate::provider::ssh::known_hosts::error::HostKeyError;
use crate::provider::ssh::known_hosts::name;
use crate::provider::ssh::known_hosts::store::{KnownHosts, load, state_of};

impl KnownHosts {
    /// Remembers a key for the host of a check, in the user's first file, never in the system's.
    /// Refuses the key if meanwhile somebody else remembered another one.
    pub(super) fn learn(
        &self,
        check: &HostCheck,
        kind: &str,
        key: &str,
    ) -> Result<(), HostKeyError> {
        if !check.learns {
            return Err(HostKeyError::Nowhere {
                host: check.host.clone(),
            });
        }
        let failed = |error: io::Error| HostKeyError::NotRemembered {
            host: check.host.clone(),
            file: check.first.clone(),
            source: Arc::new(error),
        };
        if !name::is_plain(&check.host) {
            let text = "the name would mean something else in a file of known hosts";
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, text)));
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut on_disk = open(&check.first).map_err(failed)?;
        let now = Some(state_of(&on_disk.metadata().map_err(failed)?));
        if read
            .get(&check.first)
            .is_none_or(|known| known.state != now)
        {
            read.insert(check.first.clone(), load(&check.first)?);
        }
        let known = read.get_mut(&check.first).expect("it was put there");
        let mut file = known.file.write().unwrap_or_else(PoisonError::into_inner);
        let found = file.plain(&check.host).chain(file.hashed(&check.host));
        let keys: Vec<bool> = found.map(|found| found.key == key).collect();
        if keys.contains(&true) {
            return Ok(());
        }
        if !keys.is_empty() {
            let text = "somebody has just remembered another key of the host there";
            return Err(failed(io::Error::new(io::ErrorKind::AlreadyExists, text)));
        }
        let line = format!("{} {kind} {key}", check.host);
        let text = append(&mut on_disk, &line).map_err(failed)?;
        known.state = Some(state_of(&on_disk.metadata().map_err(failed)?));
        file.append(&text)
    }
}

/// Opens a file to append, made for its owner alone if it is not there, and locks it.
fn open(path: &Path) -> io::Result<Flock<File>> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| error.into())
}

/// Writes a line in one piece, after the end of a line that nobody ended.
fn append(file: &mut File, line: &str) -> io::Result<String> {
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let before = if last == [b'\n'] { "" } else { "\n" };
    let text = format!("{before}{line}\n");
    file.write_all(text.as_bytes())?;
    Ok(text)
}
