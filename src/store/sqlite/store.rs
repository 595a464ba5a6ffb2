//! The store as a whole: what its parts share.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension as _};

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::engine::event::{Event, Fact, Started};
use crate::store::audit::origin;
use crate::store::secrets::Secrets;
use crate::store::sqlite::audit;
use crate::store::sqlite::codec;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::open;
use crate::store::sqlite::output::Outputs;
use crate::store::sqlite::owner::Owners;
use crate::store::sqlite::reader::Readers;
use crate::store::sqlite::seal::KeyFile;
use crate::store::sqlite::watch::Watch;
use crate::store::sqlite::writer::Writer;
use crate::store::{Now, Seq, StoreError};

const SELECT_EVENT: &str = "SELECT event FROM journal WHERE execution_id = ?1 AND seq = ?2";

/// Executions whose secrets are kept at hand; beyond that all are read again when needed.
const SECRETS_KEPT: usize = 4096;

/// Keeps everything in `oos.sqlite` in the data directory. Cheap to clone; several processes may
/// have the same directory open.
#[derive(Clone)]
pub struct SqliteStore(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) directory: PathBuf,
    pub(super) writer: Writer,
    pub(super) readers: Readers,
    pub(super) key: KeyFile,
    pub(super) watch: Watch,
    pub(super) owners: Arc<Owners>,
    pub(super) outputs: Outputs,
    pub(super) now: Now,
    /// Who writes audit records, by number, and where.
    pub(super) origin: String,
    secrets: Mutex<HashMap<ExecutionId, Secrets>>,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteStore")
            .field(&self.0.directory)
            .finish()
    }
}

impl SqliteStore {
    /// Opens the store of a data directory, which is made if it does not exist. `now` dates the
    /// output of commands and the versions of templates.
    pub fn open(directory: &Path, now: Now) -> Result<Self, StoreError> {
        let mut connection = open::for_writing(directory)?;
        let origin = origin();
        audit::begin(&mut connection, now(), &origin)?;
        Ok(Self(Arc::new(Shared {
            directory: directory.to_owned(),
            writer: Writer::new(connection),
            origin,
            readers: Readers::of(directory.to_owned()),
            key: KeyFile::of(directory),
            watch: Watch::of(directory.to_owned()),
            owners: Owners::of(directory),
            outputs: Outputs::default(),
            now,
            secrets: Mutex::new(HashMap::new()),
        })))
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Err(error) = self.save_all() {
            tracing::warn!(%error, "the end of a command's output could not be stored");
        }
    }
}

impl Shared {
    /// Returns the time.
    pub(super) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Returns what must not be seen of an execution; nothing if it has not begun.
    pub(super) fn secrets(&self, id: &ExecutionId) -> Result<Secrets, StoreError> {
        if let Some(secrets) = self.known_secrets().get(id) {
            return Ok(secrets.clone());
        }
        let Some(started) = self.start(id)? else {
            return Ok(Secrets::default());
        };
        let secrets = Secrets::of(&started);
        self.remember_secrets(id, secrets.clone());
        Ok(secrets)
    }

    /// Returns what an execution was started with; `None` if it has not begun.
    pub(super) fn start(&self, id: &ExecutionId) -> Result<Option<Box<Started>>, StoreError> {
        let first = self
            .readers
            .read(|connection| self.event(connection, id, 1))?;
        Ok(match first.map(|event| event.fact) {
            Some(Fact::ExecutionStarted(started)) => Some(started),
            _ => None,
        })
    }

    /// Keeps the secrets of an execution at hand.
    pub(super) fn remember_secrets(&self, id: &ExecutionId, secrets: Secrets) {
        let mut known = self.known_secrets();
        if known.len() >= SECRETS_KEPT {
            known.clear();
        }
        known.insert(id.clone(), secrets);
    }

    fn known_secrets(&self) -> std::sync::MutexGuard<'_, HashMap<ExecutionId, Secrets>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn event(
        &self,
        connection: &Connection,
        id: &ExecutionId,
        seq: Seq,
    ) -> Result<Option<Event>, StoreError> {
        let blob: Option<Vec<u8>> = connection
            .prepare_cached(SELECT_EVENT)?
            .query_row((id.as_str(), seq), |row| row.get(0))
            .optional()?;
        blob.map(|blob| decode_event(&self.key, id, seq, &blob))
            .transpose()
    }

    /// Reads, what waits for its commit included.
    pub(super) fn read_latest<T>(
        &self,
        read: impl Fn(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.writer.read_ahead(&read) {
            Some(result) => result,
            None => self.readers.read(&read),
        }
    }

    /// Packs an event, sealed if the execution has secrets.
    pub(super) fn encode_event(
        &self,
        id: &ExecutionId,
        seq: Seq,
        event: &Event,
        secrets: &Secrets,
    ) -> Result<Vec<u8>, StoreError> {
        let place = event_place(id, seq);
        let text = serde_json::to_vec(event).map_err(|error| damaged(&place, error))?;
        if secrets.is_empty() {
            codec::pack(&text)
        } else {
            codec::pack_sealed(&text, self.key.for_writing()?, &place)
        }
    }
}

/// Unpacks an event.
pub(super) fn decode_event(
    key: &KeyFile,
    id: &ExecutionId,
    seq: Seq,
    blob: &[u8],
) -> Result<Event, StoreError> {
    let place = event_place(id, seq);
    let text = codec::unpack(blob, &place, || key.for_reading())?;
    serde_json::from_slice(&text).map_err(|error| damaged(place, error))
}

fn event_place(id: &ExecutionId, seq: Seq) -> String {
    format!("journal {id}/{seq}")
}
