//! Opening: the data directory, the file, and connections to it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::store::StoreError;
use crate::store::sqlite::fault::{damaged, file_failed};
use crate::store::sqlite::migration;
use crate::store::sqlite::owner::LOCKS;

/// The name of the database in the data directory.
pub const FILE: &str = "oos.sqlite";

/// The smallest page of SQLite: what is shorter is no database.
const SMALLEST: u64 = 512;

/// How long a writer waits for writers of other processes: far above any commit, below patience.
const BUSY: Duration = Duration::from_secs(10);

/// How long one try waits for the next.
const PAUSE: Duration = Duration::from_millis(5);

/// More than there are statements, so that each is prepared once a connection.
const STATEMENTS: usize = 128;

/// Makes the data directory if need be and opens its database for writing, up to date.
pub(super) fn for_writing(directory: &Path) -> Result<Connection, StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| file_failed("creating", directory, &error))?;
    let path = directory.join(FILE);
    // SQLite would make it readable for everybody; its side files take over the mode.
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
    {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => must_not_be_cut(directory)?,
        Err(error) => return Err(file_failed("creating", &path, &error)),
    }
    let mut connection = Connection::open_with_flags(
        &path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    prepare(&connection)?;
    // Format first: switching the mode would write to a file that may not be ours.
    migration::format(&connection)?;
    give_pages_back(&connection)?;
    write_ahead(&connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    migration::migrate(&mut connection, directory)?;
    Ok(connection)
}

/// Has a new file keep track of its pages, so that free ones can be given back to the disk. Of a file that
/// is not new it would write to it each time.
fn give_pages_back(connection: &Connection) -> Result<(), StoreError> {
    let pages: u64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
    if pages == 0 {
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    Ok(())
}

/// Switches to a write-ahead log, which a new file does not have. SQLite does not wait for others that do
/// the same at this moment, so it is tried again.
fn write_ahead(connection: &Connection) -> Result<(), StoreError> {
    let mut left = BUSY;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if is_busy(&error) && !left.is_zero() => {
                left = left.saturating_sub(PAUSE);
                pause();
            }
            outcome => return Ok(outcome?),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "opening happens outside of the runtime, before anything else"
)]
fn pause() {
    std::thread::sleep(PAUSE);
}

/// Refuses a file that has lost everything: SQLite would take it for a new one. A file that was never
/// used is empty, and locks are made only when something has been recorded.
fn must_not_be_cut(directory: &Path) -> Result<(), StoreError> {
    let path = directory.join(FILE);
    let file = fs::metadata(&path).map_err(|error| file_failed("looking at", &path, &error))?;
    let is_new = file.len() == 0 && !directory.join(LOCKS).exists();
    if is_new || file.len() >= SMALLEST {
        return Ok(());
    }
    Err(damaged(
        path.display().to_string(),
        format!(
            "only {} bytes are left of it: restore a backup made by `oos store backup`, or remove \
             it and the folder `{LOCKS}` beside it to begin anew",
            file.len()
        ),
    ))
}

/// Opens the database for reading.
pub(super) fn for_reading(directory: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        directory.join(FILE),
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    prepare(&connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else SQLite compiles a statement again each time it runs with another value where a partial index may
    // serve it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}
