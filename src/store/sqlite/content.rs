//! Texts under their digests.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _};

use crate::base::digest::Digest;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::codec;
use crate::store::sqlite::fault::damaged;
use crate::store::{Contents, StoreError};

const EXISTS: &str = "SELECT 1 FROM content WHERE digest = ?1";
const SELECT: &str = "SELECT text FROM content WHERE digest = ?1";
const INSERT: &str = "INSERT OR IGNORE INTO content (digest, text) VALUES (?1, ?2)";

#[async_trait]
impl Contents for SqliteStore {
    async fn keep(&self, texts: Vec<String>) -> Result<Vec<Digest>, StoreError> {
        let digests: Vec<Digest> = texts
            .iter()
            .map(|text| Digest::of(text.as_bytes()))
            .collect();
        let missing = self.0.readers.read(|connection| {
            let mut exists = connection.prepare_cached(EXISTS)?;
            let mut missing = Vec::new();
            for (digest, text) in digests.iter().zip(texts) {
                if !exists.exists([digest.to_string()])? {
                    missing.push((digest.clone(), codec::pack(text.as_bytes())?));
                }
            }
            Ok(missing)
        })?;
        if !missing.is_empty() {
            self.0
                .writer
                .write_soon(move |connection| {
                    for (digest, blob) in &missing {
                        insert(connection, digest, blob)?;
                    }
                    Ok(())
                })
                .await?;
        }
        Ok(digests)
    }

    fn keyed_digest(&self, text: &str) -> Result<Digest, StoreError> {
        Ok(self.0.key.for_writing()?.digest(text.as_bytes()))
    }

    async fn content(&self, digest: &Digest) -> Result<Option<String>, StoreError> {
        self.0.readers.read(|connection| select(connection, digest))
    }
}

/// Keeps one packed text.
pub(super) fn insert(
    connection: &Connection,
    digest: &Digest,
    blob: &[u8],
) -> Result<(), StoreError> {
    connection
        .prepare_cached(INSERT)?
        .execute((digest.to_string(), blob))?;
    Ok(())
}

/// Returns one text, checked against its digest.
pub(super) fn select(
    connection: &Connection,
    digest: &Digest,
) -> Result<Option<String>, StoreError> {
    let blob: Option<Vec<u8>> = connection
        .prepare_cached(SELECT)?
        .query_row([digest.to_string()], |row| row.get(0))
        .optional()?;
    let Some(blob) = blob else {
        return Ok(None);
    };
    let place = format!("content {digest}");
    let never_sealed = || Err(damaged("content", "it is sealed"));
    let text = codec::unpack(&blob, &place, never_sealed)?;
    if Digest::of(&text) != *digest {
        return Err(damaged(place, "it does not have this digest"));
    }
    String::from_utf8(text)
        .map(Some)
        .map_err(|error| damaged(place, error))
}
