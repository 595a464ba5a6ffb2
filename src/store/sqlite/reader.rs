//! Connections that read, as many as read at the same time.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::store::StoreError;
use crate::store::sqlite::open;

/// Idle connections that are kept; more are opened when needed and closed again.
const KEPT: usize = 4;

/// Lends out connections that read.
pub(super) struct Readers {
    directory: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Opens nothing yet.
    pub(super) fn of(directory: PathBuf) -> Self {
        Self {
            directory,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Reads from one moment of the database: everything committed before, nothing after.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => open::for_reading(&self.directory)?,
        };
        let transaction = Transaction::new(&mut connection, TransactionBehavior::Deferred)?;
        let result = work(&transaction);
        transaction.finish()?;
        let mut idle = self.idle();
        if idle.len() < KEPT {
            idle.push(connection);
        }
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
