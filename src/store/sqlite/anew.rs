//! Folding a whole journal anew: what would be listed of an execution if nothing were.

use rusqlite::Connection;

use crate::base::id::ExecutionId;
use crate::engine::event::Event;
use crate::store::StoreError;
use crate::store::projection::{Changes, ExecutionRow, Place, Rows, TaskRow, WatchRow, fold};
use crate::store::secrets::Secrets;
use crate::store::sqlite::journal::read_events;
use crate::store::sqlite::seal::KeyFile;

/// Folds everything that the journal of an execution says, without its secrets.
pub(super) fn fold_anew(
    connection: &Connection,
    key: &KeyFile,
    id: &ExecutionId,
) -> Result<Changes, StoreError> {
    let events = read_events(connection, key, id, 0, usize::MAX)?;
    let secrets = Secrets::of_journal(&events);
    let masked: Vec<Event> = events
        .iter()
        .map(|(_, event)| secrets.mask(event))
        .collect();
    fold(id, &NoRows, 1, &masked)
}

/// An execution of which nothing is listed yet.
struct NoRows;

impl Rows for NoRows {
    fn execution(&self) -> Result<Option<ExecutionRow>, StoreError> {
        Ok(None)
    }

    fn task(&self, _: Place) -> Result<Option<TaskRow>, StoreError> {
        Ok(None)
    }

    fn watch(&self) -> Result<Option<WatchRow>, StoreError> {
        Ok(None)
    }
}
