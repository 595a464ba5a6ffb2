//! Notices that something was committed, by this process or another.
//!
//! Every commit is written to the log of the database, and the kernel tells of that. `PRAGMA data_version`
//! of a connection then says whether another connection has committed. One thread asks, from when somebody
//! first waits: as long as nothing happens, nothing is done.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;
use rustix::io::{Errno, read};
use tokio::sync::watch;

use crate::store::StoreError;
use crate::store::sqlite::fault::file_failed;
use crate::store::sqlite::open;

/// The shortest time between two looks: a busy store commits all the time.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest one, should the kernel not tell of something.
const LONGEST: Duration = Duration::from_secs(2);

/// The longest one where the kernel tells nothing: half of the time within which a signal must reach its
/// owner.
const UNTOLD: Duration = Duration::from_millis(50);

const DATA_VERSION: &str = "PRAGMA data_version";

/// What the connection said last.
type Version = Result<u64, StoreError>;

/// Watches one database.
pub(super) struct Watch {
    directory: PathBuf,
    looking: Mutex<Option<Looking>>,
}

/// The thread that looks.
struct Looking {
    versions: watch::Receiver<Version>,
    /// Its other end is with the thread, which ends when this one goes.
    _leash: UnixStream,
}

impl Watch {
    /// Looks at nothing yet.
    pub(super) fn of(directory: PathBuf) -> Self {
        Self {
            directory,
            looking: Mutex::new(None),
        }
    }

    /// Waits until the version is not `seen` and returns it; it is never 0. Cancel-safe.
    pub(super) async fn changed(&self, seen: u64) -> Version {
        let mut versions = self.versions()?;
        let news = |version: &Version| !matches!(version, Ok(version) if *version == seen);
        match versions.wait_for(news).await {
            Ok(version) => version.clone(),
            Err(_) => Err(StoreError::Io {
                action: "watching the database".into(),
                reason: "its thread has ended".into(),
            }),
        }
    }

    fn versions(&self) -> Result<watch::Receiver<Version>, StoreError> {
        let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let looking = match &mut *looking {
            Some(looking) => looking,
            None => looking.insert(begin(&self.directory)?),
        };
        Ok(looking.versions.clone())
    }
}

/// Begins to look.
fn begin(directory: &Path) -> Result<Looking, StoreError> {
    let failed = |error: std::io::Error| file_failed("watching", directory, &error);
    let notices = notices(directory);
    let connection = open::for_reading(directory)?;
    let (tell, versions) = watch::channel(version(&connection));
    let (leash, end) = UnixStream::pair().map_err(failed)?;
    let look = move || look(&connection, notices.as_ref(), &end, &tell);
    let thread = thread::Builder::new().name("oos-watch".into());
    thread.spawn(look).map_err(failed)?;
    Ok(Looking {
        versions,
        _leash: leash,
    })
}

/// Asks the kernel to tell of everything that is written in a folder. It may have no more to give; then
/// changes are found by asking often.
fn notices(directory: &Path) -> Option<OwnedFd> {
    let flags = inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC;
    let made = inotify::init(flags).and_then(|notices| {
        inotify::add_watch(&notices, directory, inotify::WatchFlags::MODIFY)?;
        Ok(notices)
    });
    made.inspect_err(|error| tracing::debug!(%error, "changes are looked for all the time"))
        .ok()
}

fn look(
    connection: &Connection,
    notices: Option<&OwnedFd>,
    leash: &UnixStream,
    tell: &watch::Sender<Version>,
) {
    let longest = if notices.is_some() { LONGEST } else { UNTOLD };
    loop {
        // A pause first: who began to look has asked just now.
        let told = wait(leash, None, PAUSE)
            .and_then(|is_held| Ok(is_held && wait(leash, notices, longest)?))
            .and_then(|is_held| drain(notices).map(|()| is_held));
        match told {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, "no word of changes"),
        }
        let found = version(connection);
        tell.send_if_modified(|known| {
            let is_news = *known != found;
            *known = found;
            is_news
        });
    }
}

/// Waits until there is something to look at; returns whether somebody still wants to know.
fn wait(leash: &UnixStream, notices: Option<&OwnedFd>, longest: Duration) -> Result<bool, Errno> {
    let mut events = vec![PollFd::new(leash, PollFlags::IN)];
    events.extend(notices.map(|notices| PollFd::new(notices, PollFlags::IN)));
    let longest = Timespec::try_from(longest).map_err(|_| Errno::INVAL)?;
    match poll(&mut events, Some(&longest)) {
        Ok(_) | Err(Errno::INTR) => Ok(events[0].revents().is_empty()),
        Err(error) => Err(error),
    }
}

fn drain(notices: Option<&OwnedFd>) -> Result<(), Errno> {
    let Some(notices) = notices else {
        return Ok(());
    };
    let mut buffer = [0; 4096];
    loop {
        match read(notices, &mut buffer) {
            Ok(1..) | Err(Errno::INTR) => {}
            Ok(0) | Err(Errno::AGAIN) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn version(connection: &Connection) -> Version {
    Ok(connection
        .prepare_cached(DATA_VERSION)?
        .query_row([], |row| row.get(0))?)
}
