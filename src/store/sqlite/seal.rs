//! Sealing of what must not be readable on disk, with a key that lies beside the database.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::base::digest::Digest;
use crate::store::StoreError;
use crate::store::sqlite::fault::{damaged, file_failed};

pub(super) const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Seals and opens with one key.
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
    key: [u8; KEY_BYTES],
}

impl Sealer {
    /// Makes a sealer for a key.
    pub(super) fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(&(*key).into()),
            key: *key,
        }
    }

    /// Returns a digest of `text` that nobody can make without the key.
    pub(super) fn digest(&self, text: &[u8]) -> Digest {
        // Begins with its purpose, so that the key is used for one thing at a time.
        Digest::keyed(&self.key, &[b"digest\n", text].concat())
    }

    /// Seals `text` for `place`.
    pub(super) fn seal(&self, text: &[u8], place: &str) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let payload = Payload {
            msg: text,
            aad: place.as_bytes(),
        };
        let sealed = self
            .cipher
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
        self.cipher
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
        let key = read_key_file(&self.path)?;
        Ok(self.sealer.get_or_init(|| Sealer::new(&key)))
    }

    /// Makes the key under another name and links it into place: whoever sees it sees it whole,
    /// and of two processes that make one at the same time the first wins.
    fn create(&self) -> io::Result<()> {
        let chance: [u8; 8] = random().map_err(|error| io::Error::other(error.to_string()))?;
        let suffix = u64::from_le_bytes(chance);
        let draft = self.path.with_extension(format!("key.{suffix:x}"));
        write_key(&draft)?;
        let linked = fs::hard_link(&draft, &self.path);
        fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        sync_folder(&self.path)
    }
}

/// Reads the key in a file.
pub(super) fn read_key_file(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, StoreError> {
    let bytes = fs::read(path).map_err(|error| file_failed("reading", path, &error))?;
    let bytes = Zeroizing::new(bytes);
    let key = bytes.as_slice().try_into().map(Zeroizing::new);
    key.map_err(|_| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        damaged(name, "it does not hold 32 bytes")
    })
}

/// Makes a key in a file that does not exist; durable when it returns.
pub(super) fn new_key_file(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, StoreError> {
    write_key(path)
        .and_then(|key| sync_folder(path).map(|()| key))
        .map_err(|error| file_failed("creating", path, &error))
}

fn write_key(path: &Path) -> io::Result<Zeroizing<[u8; KEY_BYTES]>> {
    let key = random().map_err(|error| io::Error::other(error.to_string()))?;
    let key = Zeroizing::new(key);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(key.as_slice())?;
    file.sync_all()?;
    Ok(key)
}

/// What is sealed with a key must not outlive the name of its file.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Returns random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Io {
        action: "reading random bytes".into(),
        reason: error.to_string(),
    })?;
    Ok(bytes)
}
