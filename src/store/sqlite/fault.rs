//! What SQLite and the file system say, in the words of the store.

use std::fmt;
use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::store::StoreError;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let reason = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                return damaged(
                    "oos.sqlite",
                    format!(
                        "{error}; nothing was changed: restore a backup made by `oos store backup`"
                    ),
                );
            }
            Some(ErrorCode::DiskFull) => {
                "the disk is full; what was recorded is safe: make room and go on".into()
            }
            Some(ErrorCode::SystemIoFailure) => format!(
                "{error}: the disk is failing or a limit on file sizes was reached (`ulimit -f`)"
            ),
            Some(ErrorCode::CannotOpen) => format!(
                "{error}: it is not there, not for this user, or too many files are open \
                 (`ulimit -n`)"
            ),
            Some(ErrorCode::ReadOnly) => {
                "the data directory cannot be written; give another one with `--data-dir`".into()
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "another process kept it locked; try again".into()
            }
            _ => error.to_string(),
        };
        Self::Io {
            action: "access to `oos.sqlite`".into(),
            reason,
        }
    }
}

/// Makes the error for something stored that cannot be understood.
pub(super) fn damaged(what: impl Into<String>, reason: impl fmt::Display) -> StoreError {
    StoreError::Damaged {
        what: what.into(),
        reason: reason.to_string(),
    }
}

/// Makes the error for a file that could not be handled.
pub(super) fn file_failed(action: &str, path: &Path, error: &io::Error) -> StoreError {
    StoreError::Io {
        action: format!("{action} `{}`", path.display()),
        reason: error.to_string(),
    }
}
