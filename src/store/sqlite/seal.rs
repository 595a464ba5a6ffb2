//! Sealing of what must not be readable on disk, with a key that lies beside the database.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};

use crate::store::StoreError;
use crate::store::sqlite::fault::{damaged, file_failed};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Seals and opens with one key.
pub(super) struct Sealer(XChaCha20Poly1305);

impl Sealer {
    /// Makes a sealer for a key.
    pub(super) fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(XChaCha20Poly1305::new(&(*key).into()))
    }

    /// Seals `text` for `place`.
    pub(super) fn seal(&self, text: &[u8], place: &str) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let payload = Payload {
            msg: text,
            aad: place.as_bytes(),
        };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| damaged(place, "it is too large to be sealed"))?;
        let mut blob = nonce.to_vec();
        blob.extend_from_slice(&sealed);
        Ok(blob)
    }

    /// Opens what was sealed for `place`.
    pub(super) fn open(&self, blob: &[u8], place: &str) -> Result<Vec<u8>, StoreError> {
        let Some((nonce, sealed)) = blob.split_first_chunk::<NONCE_BYTES>() else {
            return Err(damaged(place, "its seal is cut off"));
        };
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        self.0
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| damaged(place, "`secret.key` does not open it"))
    }
}

/// The key file of a data directory, made when it is first needed.
pub(super) struct KeyFile {
    path: PathBuf,
    sealer: OnceLock<Sealer>,
}

impl KeyFile {
    /// Names the key file of `directory`; touches nothing.
    pub(super) fn of(directory: &Path) -> Self {
        Self {
            path: directory.join("secret.key"),
            sealer: OnceLock::new(),
        }
    }

    /// Returns the sealer for writing, making the key if there is none.
    pub(super) fn for_writing(&self) -> Result<&Sealer, StoreError> {
        if self.sealer.get().is_none() && !self.path.exists() {
            self.create()
                .map_err(|error| file_failed("creating", &self.path, &error))?;
        }
        self.for_reading()
    }

    /// Returns the sealer for reading; without a key file nothing sealed can be read.
    pub(super) fn for_reading(&self) -> Result<&Sealer, StoreError> {
        if let Some(sealer) = self.sealer.get() {
            return Ok(sealer);
        }
        let bytes =
            fs::read(&self.path).map_err(|error| file_failed("reading", &self.path, &error))?;
        let key: [u8; KEY_BYTES] = bytes
            .try_into()
            .map_err(|_| damaged("secret.key", "it does not hold 32 bytes"))?;
        Ok(self.sealer.get_or_init(|| Sealer::new(&key)))
    }

    /// Makes the key under another name and links it into place: whoever sees it sees it whole,
    /// and of two processes that make one at the same time the first wins.
    fn create(&self) -> io::Result<()> {
        let key: [u8; KEY_BYTES] = random().map_err(|error| io::Error::other(error.to_string()))?;
        let chance: [u8; 8] = random().map_err(|error| io::Error::other(error.to_string()))?;
        let suffix = u64::from_le_bytes(chance);
        let draft = self.path.with_extension(format!("key.{suffix:x}"));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        let linked = file
            .write_all(&key)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::hard_link(&draft, &self.path));
        fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        // What is sealed with the key must not outlive the key's name.
        File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
    }
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Io {
        action: "reading random bytes".into(),
        reason: error.to_string(),
    })?;
    Ok(bytes)
}
