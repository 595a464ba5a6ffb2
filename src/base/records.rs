//! Documents that a provider keeps: the seam between the local cloud and the store.

use std::fmt;

use crate::base::value::Value;

/// One document: an instance, an image, an invocation.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// What it is (`instance`, `image`, ...).
    pub kind: String,
    /// Its id, unique within the kind.
    pub id: String,
    /// Its content.
    pub document: Value,
    /// Labels that queries may select by; part of the record, written with it.
    pub tags: Vec<(String, String)>,
    /// Counts the writes of this record, from 1; 0 for a record that was never stored.
    pub revision: u64,
    /// Whether the document holds a secret, so that it must not be readable on disk.
    pub sealed: bool,
}

/// Which records to list; unset fields do not restrict. Results are ordered by creation.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RecordQuery {
    /// Only these ids.
    pub ids: Option<Vec<String>>,
    /// Only records that carry all of these tags; `None` as value means any value.
    pub tags: Vec<(String, Option<String>)>,
}

impl RecordQuery {
    /// Tells whether a record of the right kind is selected.
    pub fn selects(&self, record: &Record) -> bool {
        let named = |ids: &Vec<String>| ids.contains(&record.id);
        self.ids.as_ref().is_none_or(named)
            && self.tags.iter().all(|(key, value)| {
                record.tags.iter().any(|(has_key, has_value)| {
                    has_key == key && value.as_ref().is_none_or(|value| value == has_value)
                })
            })
    }
}

/// One part of an atomic write.
#[derive(Clone, PartialEq, Debug)]
pub enum RecordChange {
    /// Stores the record if its stored revision still is `record.revision` (0: there is none).
    Put(Record),
    /// Removes the record if its stored revision still is `revision`.
    Delete {
        /// Kind of the record.
        kind: String,
        /// Id of the record.
        id: String,
        /// The revision that was read.
        revision: u64,
    },
}

/// Keeps records durably. Calls block for at most about a commit of the store.
pub trait Records: Send + Sync + fmt::Debug {
    /// Returns one record, or `None`.
    fn get(&self, kind: &str, id: &str) -> Result<Option<Record>, RecordError>;

    /// Returns the records of a kind that `query` selects, oldest first.
    fn list(&self, kind: &str, query: &RecordQuery) -> Result<Vec<Record>, RecordError>;

    /// Applies all changes or none. Reads of this process see them at once; they are durable no
    /// later than anything that the same store is given after them, and in any case within
    /// milliseconds.
    fn write(&self, changes: Vec<RecordChange>) -> Result<(), RecordError>;

    /// Makes everything written so far durable: before anything is done that cannot be undone.
    fn make_durable(&self) -> Result<(), RecordError>;
}

/// Why records could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Somebody else wrote first; read again and decide again.
    #[error("{kind} `{id}` was changed meanwhile")]
    Conflict {
        /// Kind of the record.
        kind: String,
        /// Id of the record.
        id: String,
    },
    /// The store failed.
    #[error("the store failed: {reason}")]
    Store {
        /// Why, in words.
        reason: String,
    },
}
