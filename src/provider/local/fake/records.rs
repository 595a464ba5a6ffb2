//! Records in memory.

use std::sync::{Mutex, PoisonError};

use crate::base::records::{Record, RecordChange, RecordError, RecordQuery, Records};

/// [`Records`] in memory, with the revision rules of the real ones.
#[derive(Debug, Default)]
pub struct FakeRecords {
    records: Mutex<Vec<Record>>,
}

impl Records for FakeRecords {
    fn get(&self, kind: &str, id: &str) -> Result<Option<Record>, RecordError> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(records
            .iter()
            .find(|r| r.kind == kind && r.id == id)
            .cloned())
    }

    fn list(&self, kind: &str, query: &RecordQuery) -> Result<Vec<Record>, RecordError> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |record: &&Record| {
            record.kind == kind
                && query
                    .ids
                    .as_ref()
                    .is_none_or(|ids| ids.contains(&record.id))
                && query.tags.iter().all(|(key, value)| {
                    record.tags.iter().any(|(have, text)| {
                        have == key && value.as_ref().is_none_or(|value| value == text)
                    })
                })
        };
        Ok(records.iter().filter(fits).cloned().collect())
    }

    fn make_durable(&self) -> Result<(), RecordError> {
        Ok(())
    }

    fn write(&self, changes: Vec<RecordChange>) -> Result<(), RecordError> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = records.clone();
        for change in changes {
            let (kind, id, revision, put) = match change {
                RecordChange::Put(record) => (
                    record.kind.clone(),
                    record.id.clone(),
                    record.revision,
                    Some(record),
                ),
                RecordChange::Delete { kind, id, revision } => (kind, id, revision, None),
            };
            let place = next.iter().position(|r| r.kind == kind && r.id == id);
            if place.map_or(0, |place| next[place].revision) != revision {
                return Err(RecordError::Conflict { kind, id });
            }
            match (place, put) {
                (Some(place), Some(record)) => {
                    next[place] = Record {
                        revision: revision + 1,
                        ..record
                    };
                }
                (None, Some(record)) => next.push(Record {
                    revision: 1,
                    ..record
                }),
                (Some(place), None) => drop(next.remove(place)),
                (None, None) => return Err(RecordError::Conflict { kind, id }),
            }
        }
        *records = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(revision: u64) -> Record {
        Record {
            kind: "k".to_owned(),
            id: "a".to_owned(),
            document: serde_json::json!({}),
            tags: Vec::new(),
            revision,
            sealed: false,
        }
    }

    #[test]
    fn a_write_on_an_old_revision_changes_nothing() {
        let records = FakeRecords::default();
        records.write(vec![RecordChange::Put(record(0))]).unwrap();
        let other = Record {
            id: "b".to_owned(),
            ..record(0)
        };
        let changes = vec![RecordChange::Put(other), RecordChange::Put(record(0))];
        assert!(matches!(
            records.write(changes),
            Err(RecordError::Conflict { .. })
        ));
        assert_eq!(records.list("k", &RecordQuery::default()).unwrap().len(), 1);
        records.write(vec![RecordChange::Put(record(1))]).unwrap();
        assert_eq!(records.get("k", "a").unwrap().unwrap().revision, 2);
    }
}
