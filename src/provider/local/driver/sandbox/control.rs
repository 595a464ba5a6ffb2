//! The driver's side of a running instance: its lock, its socket.

use std::fs::File;
use std::io::{BufReader, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use rustix::fs::{FlockOperation, flock};
use serde::de::DeserializeOwned;

use crate::provider::local::driver::DriverError;

use super::layout::{ALIVE, SOCKET};
use super::process::ProcessId;
use super::wire::{self, Reply, Request};

/// How long an instance may take to answer; a machine full of a fork bomb is slow.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes the failure of something of the system, to be used with `map_err`.
pub(super) fn system<E: Into<io::Error>>(step: impl Into<String>) -> impl FnOnce(E) -> DriverError {
    let step = step.into();
    move |error| DriverError::System {
        step,
        reason: error.into().to_string(),
    }
}

/// Tells whether the instance in `folder` runs: its pid 1 holds a lock that dies with it.
pub(super) fn is_running(folder: &Path) -> io::Result<bool> {
    is_locked(&File::open(folder.join(ALIVE))?)
}

/// Tells whether somebody holds the lock of a file.
pub(super) fn is_locked(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            flock(file, FlockOperation::Unlock)?;
            Ok(false)
        }
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
        Err(errno) => Err(errno.into()),
    }
}

/// Opens pid 1 of the instance in `folder`, if it is still there.
pub(super) fn first_process(folder: &Path) -> io::Result<Option<OwnedFd>> {
    let text = fs::read(folder.join(ALIVE))?;
    match serde_json::from_slice::<ProcessId>(&text) {
        Ok(process) => process.open(),
        // Never started, or it died while it said who it was.
        Err(_) => Ok(None),
    }
}

/// Makes the instance's socket anew.
pub(super) fn listen(folder: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(folder.join(SOCKET)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let folder = File::open(folder)?;
    UnixListener::bind(short_path(&folder))
}

/// Returns a path of the socket that is short enough for an address, wherever the folder is.
fn short_path(folder: &File) -> String {
    format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd())
}

/// Makes a request of a running instance; `content` follows it.
pub(super) fn request<T: DeserializeOwned>(
    id: &str,
    folder: &Path,
    request: &Request,
    content: &[u8],
    patience: Option<Duration>,
) -> Result<T, DriverError> {
    let lost = |error: io::Error| {
        // A connection that breaks is most often an instance that has ended.
        match is_running(folder) {
            Ok(false) => DriverError::NotRunning { id: id.to_owned() },
            _ => system("speaking with the instance")(error),
        }
    };
    let handle = File::open(folder).map_err(system("opening the instance's folder"))?;
    let stream = UnixStream::connect(short_path(&handle)).map_err(lost)?;
    let limit = patience.unwrap_or_default() + PATIENCE;
    stream.set_read_timeout(Some(limit)).map_err(lost)?;
    wire::send(&stream, request)
        .and_then(|()| (&stream).write_all(content))
        .map_err(lost)?;
    let reply: Reply<T> = wire::receive(&mut BufReader::new(stream)).map_err(lost)?;
    Ok(reply?)
}
