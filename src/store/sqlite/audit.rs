//! Audit records in a table. Writing transactions follow one another, also those of several
//! processes, so that all write one chain.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior};

use crate::base::time::Timestamp;
use crate::store::StoreError;
use crate::store::audit::{Audit, AuditHead, AuditRecord, Deed, beginning};
use crate::store::sqlite::SqliteStore;

/// The columns that [`record`] reads.
const PAGE: &str = "\
    SELECT number, at, actor, origin, action, subject, detail, previous, digest FROM audit \
    WHERE number > ?1 ORDER BY number LIMIT ?2";
/// The last record, and the highest number that was ever given out.
const HEAD: &str = "SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1";
const HIGHEST: &str = "SELECT seq FROM sqlite_sequence WHERE name = 'audit'";
const INSERT: &str = "\
    INSERT INTO audit (number, at, actor, origin, action, subject, detail, previous, digest) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const EARLIER: &str = "SELECT execution_id, seq FROM unaudited ORDER BY execution_id";

#[async_trait]
impl Audit for SqliteStore {
    async fn note(&self, deed: Deed) -> Result<AuditHead, StoreError> {
        let (now, origin) = (self.0.now(), self.0.origin.clone());
        self.0
            .writer
            .write_soon(move |connection| insert(connection, now, &origin, &deed))
            .await
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditRecord>, StoreError> {
        self.0
            .readers
            .read(|connection| page(connection, after, limit))
    }
}

/// Writes the first record of a new store.
pub(super) fn begin(
    connection: &mut Connection,
    now: Timestamp,
    origin: &str,
) -> Result<(), StoreError> {
    if highest(connection)? > 0 {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    if highest(&transaction)? == 0 {
        let deed = beginning(&earlier(&transaction)?);
        insert(&transaction, now, origin, &deed)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Adds a record in the transaction that is open; returns the new head.
pub(super) fn insert(
    connection: &Connection,
    at: Timestamp,
    origin: &str,
    deed: &Deed,
) -> Result<AuditHead, StoreError> {
    let record = AuditRecord::next(head(connection)?.as_ref(), at, origin, deed);
    connection.prepare_cached(INSERT)?.execute((
        record.number,
        record.at.as_microsecond(),
        &record.actor,
        &record.origin,
        &record.action,
        &record.subject,
        &record.detail,
        &record.previous,
        &record.digest,
    ))?;
    Ok(record.head())
}

/// Returns what the next record follows on. Where the end was cut off, its number stays used.
fn head(connection: &Connection) -> Result<Option<AuditHead>, StoreError> {
    let last = connection
        .prepare_cached(HEAD)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (last, digest): (u64, String) = last.unwrap_or_default();
    let number = last.max(highest(connection)?);
    Ok((number > 0).then_some(AuditHead { number, digest }))
}

/// Returns the highest number that was ever given out.
pub(super) fn highest(connection: &Connection) -> Result<u64, StoreError> {
    let number = connection
        .prepare_cached(HIGHEST)?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(number.unwrap_or_default())
}

/// Returns how far journals went before there were records.
pub(super) fn earlier(connection: &Connection) -> Result<Vec<(String, u64)>, StoreError> {
    let mut statement = connection.prepare_cached(EARLIER)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns records behind number `after`.
pub(super) fn page(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> Result<Vec<AuditRecord>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(PAGE)?;
    let rows = statement.query_map((after, limit), record)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Reads a record as far as it can be read: what makes no sense has another digest.
fn record(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    let text = |column| -> rusqlite::Result<String> {
        let bytes = row.get_ref(column)?.as_bytes()?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    };
    Ok(AuditRecord {
        number: row.get::<_, i64>(0)?.unsigned_abs(),
        at: Timestamp::from_microsecond(row.get(1)?).unwrap_or(Timestamp::MIN),
        actor: text(2)?,
        origin: text(3)?,
        action: text(4)?,
        subject: text(5)?,
        detail: text(6)?,
        previous: text(7)?,
        digest: text(8)?,
    })
}
