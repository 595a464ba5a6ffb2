//! The files of known hosts of this process: each is read when it is first needed, and again when it
//! has changed.

use std::collections::HashMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::provider::ssh::endpoint::Endpoint;
use crate::provider::ssh::known_hosts::check::HostCheck;
use crate::provider::ssh::known_hosts::error::HostKeyError;
use crate::provider::ssh::known_hosts::file::KnownFile;
use crate::provider::ssh::known_hosts::kind::Kinds;
use crate::provider::ssh::known_hosts::name;

/// Files that everybody on this machine goes by.
const OF_SYSTEM: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

/// How long a file is taken for unchanged. Asking the file system for every host of a fleet would
/// cost more than the look-up.
const FRESH: Duration = Duration::from_secs(1);

/// The files that were read.
#[derive(Debug, Default)]
pub(in crate::provider::ssh) struct KnownHosts {
    home: Option<PathBuf>,
    pub(super) read: Mutex<HashMap<PathBuf, Read>>,
}

/// A file as it was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) file: Arc<RwLock<KnownFile>>,
    pub(super) state: FileState,
    seen: Instant,
}

/// What changes when a file does; nothing for a file that is not there.
pub(super) type FileState = Option<(u64, u64, i64, i64)>;

impl KnownHosts {
    /// Makes a store that has read nothing.
    pub(in crate::provider::ssh) fn new(home: Option<PathBuf>) -> Self {
        Self {
            home,
            ..Self::default()
        }
    }

    /// Returns what the key of a host is checked against. Reads files.
    pub(in crate::provider::ssh) fn check(
        self: &Arc<Self>,
        endpoint: &Endpoint,
    ) -> Result<HostCheck, HostKeyError> {
        let keys = &endpoint.host_keys;
        let mut paths = if keys.files.is_empty() {
            self.of_user()
        } else {
            keys.files.clone()
        };
        let learns = !paths.is_empty();
        if keys.system_files.is_empty() {
            paths.extend(OF_SYSTEM.map(PathBuf::from));
        } else {
            paths.extend_from_slice(&keys.system_files);
        }
        let files = paths.iter().map(|path| self.file(path));
        let files = files.collect::<Result<Vec<_>, _>>()?;
        let (host, bare) = if let Some(alias) = &keys.alias {
            (alias.to_lowercase(), None)
        } else {
            let bare = endpoint.address.to_lowercase();
            let host = name::of_host(&endpoint.address, endpoint.port);
            (host.clone(), (bare != host).then_some(bare))
        };
        Ok(HostCheck {
            host,
            bare,
            files,
            policy: keys.unknown,
            first: paths.into_iter().next().unwrap_or_default(),
            learns,
            store: Arc::clone(self),
            asked: Kinds::NONE,
            now: seconds(),
        })
    }

    fn of_user(&self) -> Vec<PathBuf> {
        let folder = self.home.iter().map(|home| home.join(".ssh"));
        folder
            .flat_map(|folder| [folder.join("known_hosts"), folder.join("known_hosts2")])
            .collect()
    }

    /// Returns a file as it is now, or as it was a moment ago.
    pub(super) fn file(&self, path: &Path) -> Result<Arc<RwLock<KnownFile>>, HostKeyError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(known) = read.get_mut(path) {
            let is_fresh = now.duration_since(known.seen) < FRESH;
            if is_fresh || state(path)? == known.state {
                if !is_fresh {
                    known.seen = now;
                }
                return Ok(Arc::clone(&known.file));
            }
        }
        let fresh = load(path)?;
        let file = Arc::clone(&fresh.file);
        read.insert(path.to_owned(), fresh);
        Ok(file)
    }
}

/// Reads a file; one that is not there is empty.
pub(super) fn load(path: &Path) -> Result<Read, HostKeyError> {
    // Before the text: what is written meanwhile is then read once more, not missed.
    let state = state(path)?;
    let text = match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unreadable(path, error)),
    };
    Ok(Read {
        file: Arc::new(RwLock::new(KnownFile::parse(path, text)?)),
        state,
        seen: Instant::now(),
    })
}

fn state(path: &Path) -> Result<FileState, HostKeyError> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(Some(state_of(&found))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, error)),
    }
}

pub(super) fn state_of(found: &Metadata) -> (u64, u64, i64, i64) {
    (found.ino(), found.len(), found.mtime(), found.mtime_nsec())
}

fn unreadable(path: &Path, error: io::Error) -> HostKeyError {
    HostKeyError::Unreadable {
        file: path.to_owned(),
        source: Arc::new(error),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a certificate is valid by the clock on the wall, whenever the execution began"
)]
fn seconds() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
