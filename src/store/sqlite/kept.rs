//! What keeps an execution that has ended from being removed.

use rusqlite::{Connection, Params};

use crate::base::id::ExecutionId;
use crate::store::sqlite::sweep::range;
use crate::store::{KeptFor, Part, STARTER_TAG, StoreError};

const CHILD: &str = "SELECT 1 FROM execution WHERE id > ?1 AND id < ?2 AND ended IS NULL LIMIT 1";
/// Executions that wait for their triggers start nothing by a call.
const STARTER: &str = "\
    SELECT 1 FROM execution AS mine JOIN execution_detail AS detail ON detail.id = mine.id \
    WHERE mine.id = ?1 AND detail.tags ->> ('$.\"' || ?2 || '\"') IS NOT NULL AND EXISTS (\
        SELECT 1 FROM execution AS other \
        WHERE other.status IN ('Queued', 'Running', 'Waiting') AND other.parent IS NULL \
          AND other.started <= mine.started \
          AND other.id NOT IN (SELECT execution_id FROM watch))";
const REPEAT: &str = "\
    SELECT 1 FROM repeat JOIN execution ON execution.id = repeat.id \
    WHERE repeat.execution = ?1 AND execution.ended IS NULL LIMIT 1";
const REST: &str = "\
    SELECT 1 FROM repeat JOIN execution ON execution.id = repeat.execution \
    WHERE repeat.id = ?1 AND repeat.rest = 1 LIMIT 1";
const TRIGGER: &str = "\
    SELECT 1 FROM execution AS mine \
    JOIN execution AS watching ON watching.id = mine.fired_by AND watching.ended IS NULL \
    JOIN firing ON firing.trigger_id = mine.fired_by AND firing.at = mine.started \
        AND firing.source = mine.id \
    WHERE mine.id = ?1 AND firing.until = (\
        SELECT max(until) FROM firing WHERE trigger_id = mine.fired_by AND until IS NOT NULL)";
const FIRED: &str = "SELECT 1 FROM execution WHERE fired_by = ?1 AND ended IS NULL LIMIT 1";
const LOCK: &str = "SELECT 1 FROM lock_wish WHERE root_id = ?1 LIMIT 1";
const SIGNAL: &str = "\
    SELECT 1 FROM signal WHERE execution_id >= ?1 AND execution_id < ?2 AND settled = 0 LIMIT 1";

/// Returns what keeps a part of an execution.
pub(super) fn keeps(
    connection: &Connection,
    id: &ExecutionId,
    part: Part,
) -> Result<Option<KeptFor>, StoreError> {
    match keeps_already(connection, id, part)? {
        None if part == Part::History => keeps_now(connection, id),
        kept => Ok(kept),
    }
}

/// Returns what keeps a part of an execution of all that cannot come up later: what has ended begins
/// nothing any more. Finding it out may read much.
pub(super) fn keeps_already(
    connection: &Connection,
    id: &ExecutionId,
    part: Part,
) -> Result<Option<KeptFor>, StoreError> {
    if holds(connection, CHILD, range(id))? {
        return Ok(Some(KeptFor::Child));
    }
    let is_asked_for =
        part == Part::History && holds(connection, STARTER, (id.as_str(), STARTER_TAG))?;
    Ok(is_asked_for.then_some(KeptFor::Starter))
}

/// Returns what keeps the history of an execution of all that may have come up since [`keeps_already`] was asked.
pub(super) fn keeps_now(
    connection: &Connection,
    id: &ExecutionId,
) -> Result<Option<KeptFor>, StoreError> {
    for (sql, kept) in [
        (REPEAT, KeptFor::Repeat),
        (REST, KeptFor::Rest),
        (TRIGGER, KeptFor::Trigger),
        (FIRED, KeptFor::Fired),
        (LOCK, KeptFor::Lock),
    ] {
        if holds(connection, sql, [id.as_str()])? {
            return Ok(Some(kept));
        }
    }
    let signal = holds(connection, SIGNAL, range(id))?;
    Ok(signal.then_some(KeptFor::Signal))
}

fn holds(connection: &Connection, sql: &str, place: impl Params) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached(sql)?.exists(place)?)
}
