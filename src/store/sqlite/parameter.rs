//! The parameter store's rows. Ordinary entries are whole here; what is in the values of secret
//! ones is known to the vault only.

use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::base::time::Timestamp;
use crate::store::StoreError;
use crate::store::audit::{AuditAction, Deed};
use crate::store::parameter::{LONGEST_VALUE, ParameterEntry, ParameterError};
use crate::store::projection::moment;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::audit;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::row::time_column;
use crate::template::expr::is_entry_name;

/// The longest name of an entry, as at the vendor.
const LONGEST_NAME: usize = 200;

/// The columns that [`read`] reads.
const LIST: &str = "\
    SELECT name, version, description, user, created, updated FROM parameter \
    WHERE secret = ?1 ORDER BY name";
const ONE: &str = "\
    SELECT name, version, description, user, created, updated FROM parameter \
    WHERE secret = ?1 AND name = ?2";
const VALUE: &str = "SELECT version, value FROM parameter WHERE secret = ?1 AND name = ?2";
const PUT: &str = "\
    INSERT INTO parameter (secret, name, version, value, description, user, created, updated) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
    ON CONFLICT (secret, name) DO UPDATE SET version = excluded.version, value = excluded.value, \
        description = excluded.description, user = excluded.user, updated = excluded.updated";
const DELETE: &str = "DELETE FROM parameter WHERE secret = ?1 AND name = ?2";

/// Which half of the parameter store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParameterKind {
    /// Ordinary entries.
    Plain,
    /// Secret entries.
    Secret,
}

/// What is written of an entry beside its value.
#[derive(Clone, Debug)]
pub struct ParameterChange {
    /// Its name.
    pub name: String,
    /// What it is for; as before when not given.
    pub description: Option<String>,
    /// Who sets it.
    pub user: String,
}

impl ParameterChange {
    /// Refuses names that no placeholder could name, and values that are too long.
    pub(super) fn check(&self, value: &str) -> Result<(), ParameterError> {
        if !is_entry_name(&self.name) || self.name.len() > LONGEST_NAME {
            return Err(ParameterError::Invalid(format!(
                "`{}` cannot be the name of an entry: expected at most {LONGEST_NAME} letters, \
                 digits, `_`, `-`, `.` and `/`",
                self.name
            )));
        }
        let length = value.chars().count();
        if length == 0 || length > LONGEST_VALUE {
            return Err(ParameterError::Invalid(format!(
                "the value has {length} characters; expected 1 to {LONGEST_VALUE}"
            )));
        }
        Ok(())
    }
}

impl SqliteStore {
    /// Returns the entries of a kind in order of name, without their values.
    pub fn parameters(&self, kind: ParameterKind) -> Result<Vec<ParameterEntry>, StoreError> {
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(LIST)?;
            let entries = statement.query_map([number(kind)], read)?;
            Ok(entries.collect::<Result<_, _>>()?)
        })
    }

    /// Returns one entry without its value.
    pub fn parameter_entry(
        &self,
        kind: ParameterKind,
        name: &str,
    ) -> Result<Option<ParameterEntry>, StoreError> {
        self.0
            .readers
            .read(|connection| entry(connection, kind, name))
    }

    /// Removes an entry; returns whether there was one. `by` removes it.
    pub fn delete_parameter(
        &self,
        kind: ParameterKind,
        name: &str,
        by: &str,
    ) -> Result<bool, StoreError> {
        let (name, now, origin) = (name.to_owned(), self.0.now(), self.0.origin.clone());
        let deed = Deed::new(by, AuditAction::SecretDeleted, &name);
        self.0.writer.write(move |connection| {
            let mut statement = connection.prepare_cached(DELETE)?;
            let found = statement.execute((number(kind), name))? > 0;
            if found && kind == ParameterKind::Secret {
                audit::insert(connection, now, &origin, &deed)?;
            }
            Ok(found)
        })
    }

    /// Returns the value of an ordinary entry.
    pub fn parameter_value(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.0.readers.read(|connection| {
            let Some((_, value)) = stored_value(connection, ParameterKind::Plain, name)? else {
                return Ok(None);
            };
            let text = String::from_utf8(value)
                .map_err(|error| damaged(format!("parameter {name}"), error))?;
            Ok(Some(text))
        })
    }

    /// Sets an ordinary entry.
    pub fn set_parameter(
        &self,
        change: ParameterChange,
        value: &str,
    ) -> Result<ParameterEntry, ParameterError> {
        change.check(value)?;
        let (value, now) = (value.as_bytes().to_vec(), self.0.now());
        self.0.writer.write(move |connection| {
            let seal = |_: u32| Ok(value);
            Ok(put(connection, ParameterKind::Plain, change, now, seal)?)
        })
    }
}

/// Writes an entry with its next version, for which `seal` makes the value's bytes.
pub(super) fn put(
    connection: &Connection,
    kind: ParameterKind,
    change: ParameterChange,
    now: Timestamp,
    seal: impl FnOnce(u32) -> Result<Vec<u8>, StoreError>,
) -> Result<ParameterEntry, StoreError> {
    let now = moment(now);
    let before = entry(connection, kind, &change.name)?;
    let version = before.as_ref().map_or(0, |entry| entry.parameter_version) + 1;
    let known = before.as_ref().map(|entry| entry.description.clone());
    let entry = ParameterEntry {
        parameter_version: version,
        description: change.description.or(known).unwrap_or_default(),
        created_date: before.map_or(now, |entry| entry.created_date),
        updated_date: now,
        updated_by: change.user,
        name: change.name,
    };
    connection.prepare_cached(PUT)?.execute((
        number(kind),
        &entry.name,
        version,
        seal(version)?,
        &entry.description,
        &entry.updated_by,
        entry.created_date.as_microsecond(),
        now.as_microsecond(),
    ))?;
    Ok(entry)
}

/// Returns version and stored bytes of a value.
pub(super) fn stored_value(
    connection: &Connection,
    kind: ParameterKind,
    name: &str,
) -> Result<Option<(u32, Vec<u8>)>, StoreError> {
    let mut statement = connection.prepare_cached(VALUE)?;
    let found = statement.query_row((number(kind), name), |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

fn entry(
    connection: &Connection,
    kind: ParameterKind,
    name: &str,
) -> Result<Option<ParameterEntry>, StoreError> {
    let mut statement = connection.prepare_cached(ONE)?;
    Ok(statement.query_row((number(kind), name), read).optional()?)
}

fn number(kind: ParameterKind) -> u8 {
    match kind {
        ParameterKind::Plain => 0,
        ParameterKind::Secret => 1,
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ParameterEntry> {
    Ok(ParameterEntry {
        name: row.get(0)?,
        parameter_version: row.get(1)?,
        description: row.get(2)?,
        updated_by: row.get(3)?,
        created_date: time_column(row, 4)?,
        updated_date: time_column(row, 5)?,
    })
}
