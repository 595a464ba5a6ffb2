//! The connection that writes, with a transaction that may be open ahead of its commit.
//!
//! A change that something durable is certain to follow need not pay for a flush of its own: it is
//! done at once, seen at once by readers of this process, and becomes durable with what follows.
//! Because both stand in one transaction, nothing that follows can be durable without it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;

use crate::store::StoreError;

/// The connection, and whether changes wait on it for their commit.
pub(super) struct Desk {
    connection: Connection,
    /// Set while changes wait; readers look at it without taking the connection.
    ahead: Arc<AtomicBool>,
    /// Why changes that had been answered were lost. Nothing may be written after that: it would
    /// stand on what is not there.
    lost: Option<StoreError>,
}

impl Desk {
    pub(super) fn new(connection: Connection, ahead: Arc<AtomicBool>) -> Self {
        Self {
            connection,
            ahead,
            lost: None,
        }
    }

    /// Returns the connection; changes that wait are on it.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Opens a transaction, unless one is open ahead.
    pub(super) fn begin(&self) -> Result<(), StoreError> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        if self.connection.is_autocommit() {
            self.connection
                .prepare_cached("BEGIN IMMEDIATE")?
                .execute([])?;
        }
        Ok(())
    }

    /// Leaves the open transaction for a later commit.
    /// Fails if the disk has ended it meanwhile: what waited in it is then lost as well.
    pub(super) fn leave_ahead(&mut self) -> Result<(), StoreError> {
        if self.connection.is_autocommit() {
            return self.close(Err(transaction_lost()));
        }
        self.ahead.store(true, Ordering::Release);
        Ok(())
    }

    /// Commits what is open. When that fails, nothing of it remains.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        let result = if self.connection.is_autocommit() {
            Err(transaction_lost())
        } else {
            self.connection
                .prepare_cached("COMMIT")
                .and_then(|mut commit| commit.execute([]))
                .map(drop)
                .map_err(StoreError::from)
        };
        self.close(result)
    }

    /// Commits changes that wait, if there are any.
    pub(super) fn commit_ahead(&mut self) -> Result<(), StoreError> {
        if self.ahead.load(Ordering::Acquire) {
            self.commit()
        } else {
            Ok(())
        }
    }

    fn close(&mut self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        let waited = self.ahead.swap(false, Ordering::AcqRel);
        let Err(error) = result else { return Ok(()) };
        if !self.connection.is_autocommit() {
            // What cannot be rolled back is dropped with the connection.
            drop(self.connection.execute_batch("ROLLBACK"));
        }
        if waited {
            self.lost = Some(error.clone());
        }
        Err(error)
    }
}

/// The error of work in a transaction that the disk has ended.
pub(super) fn transaction_lost() -> StoreError {
    StoreError::Io {
        action: "access to `oos.sqlite`".into(),
        reason: "the transaction was lost: the disk is full or failing".into(),
    }
}
