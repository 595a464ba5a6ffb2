//! Documents of the provider, in memory.

use std::collections::BTreeMap;

use crate::base::records::{Record, RecordChange, RecordError, RecordQuery, Records};
use crate::store::memory::MemoryStore;

impl Records for MemoryStore {
    fn get(&self, kind: &str, id: &str) -> Result<Option<Record>, RecordError> {
        let state = self.state();
        let number = find(&state.records, kind, id);
        Ok(number.map(|number| state.records[&number].clone()))
    }

    fn list(&self, kind: &str, query: &RecordQuery) -> Result<Vec<Record>, RecordError> {
        let state = self.state();
        let records = state.records.values();
        Ok(records
            .filter(|record| record.kind == kind && query.selects(record))
            .cloned()
            .collect())
    }

    fn make_durable(&self) -> Result<(), RecordError> {
        Ok(())
    }

    fn write(&self, changes: Vec<RecordChange>) -> Result<(), RecordError> {
        let mut state = self.state();
        let mut records = state.records.clone();
        let mut last = state.last_record;
        for change in changes {
            apply(&mut records, &mut last, change)?;
        }
        state.records = records;
        state.last_record = last;
        drop(state);
        self.announce();
        Ok(())
    }
}

fn find(records: &BTreeMap<u64, Record>, kind: &str, id: &str) -> Option<u64> {
    let mut numbers = records.iter();
    numbers
        .find(|(_, record)| record.kind == kind && record.id == id)
        .map(|(number, _)| *number)
}

fn apply(
    records: &mut BTreeMap<u64, Record>,
    last: &mut u64,
    change: RecordChange,
) -> Result<(), RecordError> {
    let (kind, id, revision) = match &change {
        RecordChange::Put(record) => (&record.kind, &record.id, record.revision),
        RecordChange::Delete { kind, id, revision } => (kind, id, *revision),
    };
    let found = find(records, kind, id);
    if found.map_or(0, |number| records[&number].revision) != revision {
        return Err(RecordError::Conflict {
            kind: kind.clone(),
            id: id.clone(),
        });
    }
    match change {
        RecordChange::Put(record) => {
            let number = found.unwrap_or_else(|| {
                *last += 1;
                *last
            });
            let revision = revision + 1;
            records.insert(number, Record { revision, ..record });
        }
        RecordChange::Delete { .. } => {
            if let Some(number) = found {
                records.remove(&number);
            }
        }
    }
    Ok(())
}
