//! Typed documents over [`Records`]: what the API families read and write.
//!
//! Records block for about a commit of the store, less than a switch of threads costs, so they are
//! used where they are needed. The methods give futures all the same: callers must not care.

use std::fmt::Debug;
use std::future::{Ready, ready};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::base::call::{ApiError, CallFault};
use crate::base::records::{Record, RecordChange, RecordError, RecordQuery, Records};
use crate::base::secret::Redactor;
use crate::provider::local::tag::Tags;

/// A kind of document.
pub(super) trait Entity: Serialize + DeserializeOwned + Debug + Send + 'static {
    /// The kind of its records.
    const KIND: &'static str;

    /// Returns its id.
    fn id(&self) -> &str;

    /// Returns the tags that queries may select by.
    fn tags(&self) -> Option<&Tags> {
        None
    }
}

/// A document together with the revision that was read; 0 if it was never stored. One that was kept
/// sealed stays so.
#[derive(Clone, Debug)]
pub(super) struct Stored<T> {
    /// The document.
    pub(super) value: T,
    revision: u64,
    sealed: bool,
}

impl<T: Entity> Stored<T> {
    /// Wraps a document that was never stored.
    pub(super) fn new(value: T) -> Self {
        Self {
            value,
            revision: 0,
            sealed: false,
        }
    }

    /// Returns the change that stores the document as it is now.
    pub(super) fn put(&self) -> RecordChange {
        RecordChange::Put(Record {
            kind: T::KIND.to_owned(),
            id: self.value.id().to_owned(),
            document: serde_json::to_value(&self.value)
                .expect("documents have text keys and no failing serializers"),
            tags: self.value.tags().map(Tags::pairs).unwrap_or_default(),
            revision: self.revision,
            sealed: self.sealed,
        })
    }

    /// Returns the change that removes the document.
    pub(super) fn delete(&self) -> RecordChange {
        RecordChange::Delete {
            kind: T::KIND.to_owned(),
            id: self.value.id().to_owned(),
            revision: self.revision,
        }
    }
}

/// How a write came to nothing.
#[derive(Debug)]
pub(super) enum WriteFault {
    /// Somebody else wrote first: read again and decide again.
    Conflict,
    /// The store failed.
    Fault(CallFault),
}

/// The documents of the cloud.
#[derive(Clone, Debug)]
pub(super) struct State {
    records: Arc<dyn Records>,
}

impl State {
    /// Makes a state over `records`.
    pub(super) fn new(records: Arc<dyn Records>) -> Self {
        Self { records }
    }

    /// Returns one document, or `None`.
    pub(super) fn get<T: Entity>(&self, id: &str) -> Ready<Result<Option<Stored<T>>, CallFault>> {
        let record = self.records.get(T::KIND, id);
        ready(
            record
                .map_err(|error| store_fault(&error))
                .and_then(|record| record.map(decode).transpose()),
        )
    }

    /// Returns the documents that `query` selects, oldest first.
    pub(super) fn list<T: Entity>(
        &self,
        query: &RecordQuery,
    ) -> Ready<Result<Vec<Stored<T>>, CallFault>> {
        let list = self.records.list(T::KIND, query);
        ready(
            list.map_err(|error| store_fault(&error))
                .and_then(|list| list.into_iter().map(decode).collect()),
        )
    }

    /// Returns all documents of a kind, oldest first.
    pub(super) fn all<T: Entity>(&self) -> Ready<Result<Vec<Stored<T>>, CallFault>> {
        self.list(&RecordQuery::default())
    }

    /// Makes everything written so far durable: before anything is done that cannot be undone.
    pub(super) fn make_durable(&self) -> Result<(), CallFault> {
        self.records
            .make_durable()
            .map_err(|error| store_fault(&error))
    }

    /// Applies all changes or none. Documents in which `redactor` finds a secret are kept sealed; in
    /// tags, which are looked up by, there must be none.
    pub(super) fn write(
        &self,
        mut changes: Vec<RecordChange>,
        redactor: &Redactor,
    ) -> Ready<Result<(), WriteFault>> {
        for change in &mut changes {
            let RecordChange::Put(record) = change else {
                continue;
            };
            record.sealed |= redactor.finds(&record.document);
            if redactor.finds(&json!(record.tags)) {
                return ready(Err(WriteFault::Fault(secret_tag().into())));
            }
        }
        ready(self.records.write(changes).map_err(|error| match error {
            RecordError::Conflict { .. } => WriteFault::Conflict,
            RecordError::Store { .. } => WriteFault::Fault(store_fault(&error)),
        }))
    }
}

fn decode<T: Entity>(record: Record) -> Result<Stored<T>, CallFault> {
    let (revision, sealed) = (record.revision, record.sealed);
    let value = serde_json::from_value(record.document).map_err(|error| {
        ApiError::new(
            "DamagedRecord",
            format!(
                "the stored {} `{}` cannot be read: {error}",
                T::KIND,
                record.id
            ),
        )
    })?;
    Ok(Stored {
        value,
        revision,
        sealed,
    })
}

fn secret_tag() -> ApiError {
    ApiError::new(
        "InvalidTag.Secret",
        "a tag holds a secret value; tags are kept so that they can be looked up by, and read",
    )
}

fn store_fault(error: &RecordError) -> CallFault {
    CallFault::Storage {
        reason: error.to_string(),
    }
}
