//! Notices that something was committed, by this process or another.
//!
//! `PRAGMA data_version` of a connection changes when any other connection commits. Asking for it
//! takes some microseconds; it is asked only while somebody waits.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use crate::store::StoreError;
use crate::store::sqlite::open;

/// Half of the time within which a signal must reach its owner.
const PAUSE: Duration = Duration::from_millis(50);

const DATA_VERSION: &str = "PRAGMA data_version";

/// Watches one database.
pub(super) struct Watch {
    directory: PathBuf,
    /// Versions can be compared only if the same connection tells them.
    connection: Mutex<Option<Connection>>,
}

impl Watch {
    /// Opens nothing yet.
    pub(super) fn of(directory: PathBuf) -> Self {
        Self {
            directory,
            connection: Mutex::new(None),
        }
    }

    /// Waits until the version is not `seen` and returns it; it is never 0. Cancel-safe.
    pub(super) async fn changed(&self, seen: u64) -> Result<u64, StoreError> {
        loop {
            let version = self.version()?;
            if version != seen {
                return Ok(version);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn version(&self) -> Result<u64, StoreError> {
        let mut slot = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let connection = match &mut *slot {
            Some(connection) => connection,
            None => slot.insert(open::for_reading(&self.directory)?),
        };
        Ok(connection
            .prepare_cached(DATA_VERSION)?
            .query_row([], |row| row.get(0))?)
    }
}
