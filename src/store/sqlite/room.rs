//! How much room there is: on the disk, and in the file.

use std::io;
use std::path::Path;

use rusqlite::Connection;

use crate::store::sqlite::fault::file_failed;
use crate::store::{Room, StoreError, Usage};

const LOGS: &str = "SELECT bytes FROM tally WHERE what = 'logs'";
const ADDED_UP: &str = "SELECT coalesce(sum(length(data)), 0) FROM log_chunk";
const GIVE_BACK: &str = "PRAGMA incremental_vacuum(64)";

/// Free bytes in the file that are not given back: what is written next takes them.
const SLACK: u64 = 4 << 20;

/// Returns the room on the file system of a data directory, which need not be there yet.
pub fn room(directory: &Path) -> Result<Room, StoreError> {
    let mut place = directory;
    loop {
        match rustix::fs::statvfs(place) {
            Ok(found) => {
                return Ok(Room {
                    free: found.f_bavail.saturating_mul(found.f_frsize),
                    total: found.f_blocks.saturating_mul(found.f_frsize),
                });
            }
            Err(error) if error == rustix::io::Errno::NOENT => match place.parent() {
                Some(parent) if parent.as_os_str().is_empty() => place = Path::new("."),
                Some(parent) => place = parent,
                None => return Err(file_failed("looking at", directory, &error.into())),
            },
            Err(error) => return Err(file_failed("looking at", place, &io::Error::from(error))),
        }
    }
}

/// Returns what takes room in the file.
pub(super) fn usage(connection: &Connection) -> Result<Usage, StoreError> {
    let page = pragma(connection, "page_size")?;
    let unused = pragma(connection, "freelist_count")? * page;
    let taken = (pragma(connection, "page_count")? * page).saturating_sub(unused);
    let logs = connection
        .prepare_cached(LOGS)?
        .query_row([], |row| row.get(0))?;
    Ok(Usage {
        history: taken.saturating_sub(logs),
        logs,
        unused,
    })
}

/// Tells whether the number of bytes of output is what it should be.
pub(super) fn is_tallied(connection: &Connection) -> Result<bool, StoreError> {
    let count = |sql| connection.query_row(sql, [], |row| row.get::<_, u64>(0));
    Ok(count(LOGS)? == count(ADDED_UP)?)
}

/// Gives some free pages at the end of the file back to the disk; tells whether there are more. Files
/// that were made before pages could be given back keep them for what is written next.
pub(super) fn give_back(connection: &Connection) -> Result<bool, StoreError> {
    let before = pragma(connection, "freelist_count")?;
    if before * pragma(connection, "page_size")? <= SLACK {
        return Ok(false);
    }
    let mut statement = connection.prepare_cached(GIVE_BACK)?;
    let mut rows = statement.query([])?;
    // One page a step.
    while rows.next()?.is_some() {}
    Ok(pragma(connection, "freelist_count")? < before)
}

fn pragma(connection: &Connection, name: &str) -> Result<u64, StoreError> {
    Ok(connection.pragma_query_value(None, name, |row| row.get(0))?)
}
