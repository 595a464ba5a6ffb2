//! Notices that something was committed, by this process or another.
//!
//! Every commit is written to the log of the database, and the kernel tells of that. `PRAGMA data_version`
//! of a connection then says whether another connection has committed. One thread asks, from when somebody
//! first waits: as long as nothing happens, nothing is done. What was written is committed only after the
//! disk has it, so it asks for a while after each word of the kernel.

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

/// How long it asks after the kernel has told of something.
const WHILE: Duration = Duration::from_secs(3);

/// The time from one question to the next in that while.
const AGAIN: Duration = Duration::from_millis(20);

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
    let times = WHILE.as_millis() / (PAUSE + AGAIN).as_millis();
    let mut left = 0;
    loop {
        let longest = match (notices, left) {
            (None, _) => UNTOLD,
            (Some(_), 0) => LONGEST,
            (Some(_), _) => AGAIN,
        };
        // A pause first: who began to look has asked just now.
        let told = wait(leash, None, PAUSE).and_then(|word| match word {
            Word::Leave => Ok(word),
            Word::Nothing | Word::Written => wait(leash, notices, longest),
        });
        match told.and_then(|word| drain(notices).map(|()| word)) {
            Ok(Word::Leave) => return,
            Ok(Word::Written) => left = times,
            Ok(Word::Nothing) => left = left.saturating_sub(1),
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

/// What is heard while waiting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Nothing,
    /// Something was written.
    Written,
    /// Nobody wants to know any more.
    Leave,
}

/// Waits for a word.
fn wait(leash: &UnixStream, notices: Option<&OwnedFd>, longest: Duration) -> Result<Word, Errno> {
    let mut events = vec![PollFd::new(leash, PollFlags::IN)];
    events.extend(notices.map(|notices| PollFd::new(notices, PollFlags::IN)));
    let longest = Timespec::try_from(longest).map_err(|_| Errno::INVAL)?;
    match poll(&mut events, Some(&longest)) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(error),
    }
    let has_word = |event: &PollFd<'_>| !event.revents().is_empty();
    Ok(match &*events {
        [leash, ..] if has_word(leash) => Word::Leave,
        [_, notices] if has_word(notices) => Word::Written,
        _ => Word::Nothing,
    })
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
