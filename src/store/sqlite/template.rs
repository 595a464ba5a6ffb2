//! The user's templates and their versions; texts are kept as contents.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::base::digest::Digest;
use crate::store::audit::{AuditAction, Deed, template_created};
use crate::store::projection::moment;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::row::{time_column, unreadable};
use crate::store::sqlite::{audit, codec, content};
use crate::store::{StoreError, TemplateEntry, Templates};

/// The columns that [`read`] reads.
const NEWEST: &str = "\
    SELECT name, version, digest, created FROM template WHERE key = ?1 \
    ORDER BY version DESC LIMIT 1";
const ONE: &str =
    "SELECT name, version, digest, created FROM template WHERE key = ?1 AND version = ?2";
const VERSIONS: &str = "\
    SELECT name, version, digest, created FROM template WHERE key = ?1 ORDER BY version DESC";
const LIST: &str = "\
    SELECT name, version, digest, created FROM template AS t \
    WHERE version = (SELECT max(version) FROM template WHERE key = t.key) ORDER BY key";
const INSERT: &str = "\
    INSERT INTO template (key, version, name, digest, created) VALUES (?1, ?2, ?3, ?4, ?5)";
const DELETE: &str = "DELETE FROM template WHERE key = ?1";

#[async_trait]
impl Templates for SqliteStore {
    async fn put_template(
        &self,
        name: &str,
        text: &str,
        by: &str,
    ) -> Result<TemplateEntry, StoreError> {
        let name = name.to_owned();
        let digest = Digest::of(text.as_bytes());
        let blob = codec::pack(text.as_bytes())?;
        let now = self.0.now();
        let created = moment(now);
        let (by, origin) = (by.to_owned(), self.0.origin.clone());
        self.0
            .writer
            .write_soon(move |connection| {
                let newest = newest(connection, &key(&name))?;
                let version = match newest {
                    Some((_, entry)) if entry.hash == digest => return Ok(entry),
                    Some((version, _)) => version + 1,
                    None => 1,
                };
                content::insert(connection, &digest, &blob)?;
                let entry = TemplateEntry {
                    template_name: name,
                    template_version: format!("v{version}"),
                    hash: digest,
                    created_date: created,
                };
                connection.prepare_cached(INSERT)?.execute((
                    key(&entry.template_name),
                    version,
                    &entry.template_name,
                    entry.hash.to_string(),
                    created.as_microsecond(),
                ))?;
                audit::insert(connection, now, &origin, &template_created(&by, &entry))?;
                Ok(entry)
            })
            .await
    }

    async fn template(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<(TemplateEntry, String)>, StoreError> {
        self.0.readers.read(|connection| {
            let found = match version.map(version_number) {
                None => newest(connection, &key(name))?,
                // No such version was ever given out.
                Some(None) => None,
                Some(Some(number)) => connection
                    .prepare_cached(ONE)?
                    .query_row((key(name), number), read)
                    .optional()?,
            };
            let Some((_, entry)) = found else {
                return Ok(None);
            };
            match content::select(connection, &entry.hash)? {
                Some(text) => Ok(Some((entry, text))),
                None => Err(damaged(format!("template {name}"), "its text is missing")),
            }
        })
    }

    async fn templates(&self) -> Result<Vec<TemplateEntry>, StoreError> {
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(LIST)?;
            let entries = statement.query_map([], |row| Ok(read(row)?.1))?;
            Ok(entries.collect::<Result<_, _>>()?)
        })
    }

    async fn template_versions(&self, name: &str) -> Result<Vec<TemplateEntry>, StoreError> {
        self.0.readers.read(|connection| {
            let mut statement = connection.prepare_cached(VERSIONS)?;
            let entries = statement.query_map([key(name)], |row| Ok(read(row)?.1))?;
            Ok(entries.collect::<Result<_, _>>()?)
        })
    }

    async fn delete_template(&self, name: &str, by: &str) -> Result<bool, StoreError> {
        let key = key(name);
        let deed = Deed::new(by, AuditAction::TemplateDeleted, name);
        let (now, origin) = (self.0.now(), self.0.origin.clone());
        self.0
            .writer
            .write_soon(move |connection| {
                let found = connection.prepare_cached(DELETE)?.execute([key])? > 0;
                if found {
                    audit::insert(connection, now, &origin, &deed)?;
                }
                Ok(found)
            })
            .await
    }
}

fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn version_number(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.parse().ok()
}

fn newest(connection: &Connection, key: &str) -> Result<Option<(u32, TemplateEntry)>, StoreError> {
    let mut statement = connection.prepare_cached(NEWEST)?;
    Ok(statement.query_row([key], read).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<(u32, TemplateEntry)> {
    let version: u32 = row.get(1)?;
    let digest: String = row.get(2)?;
    let entry = TemplateEntry {
        template_name: row.get(0)?,
        template_version: format!("v{version}"),
        hash: digest.parse().map_err(|error| unreadable(2, error))?,
        created_date: time_column(row, 3)?,
    };
    Ok((version, entry))
}
