//! The vault: the secret half of the parameter store.
//!
//! Values are sealed with XChaCha20-Poly1305; name and version are bound to each, so that no row
//! can stand in for another. The key is not in the database.

use std::fmt;
use std::fs;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _};
use zeroize::Zeroizing;

use crate::base::secret::Secret;
use crate::store::StoreError;
use crate::store::audit::{AuditAction, Deed};
use crate::store::parameter::{ParameterEntry, ParameterError};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::audit;
use crate::store::sqlite::fault::{damaged, file_failed};
use crate::store::sqlite::lock::{Lock, NewLock};
use crate::store::sqlite::parameter::{ParameterChange, ParameterKind, put, stored_value};
use crate::store::sqlite::seal::Sealer;

const LOCK: &str = "SELECT lock, proof FROM vault";
const INSERT: &str = "INSERT OR IGNORE INTO vault (number, lock, proof) VALUES (1, ?1, ?2)";
const REPLACE: &str = "UPDATE vault SET lock = ?1, proof = ?2";
const VALUES: &str = "SELECT name, version, value FROM parameter WHERE secret = 1";
const UPDATE: &str = "UPDATE parameter SET value = ?2 WHERE secret = 1 AND name = ?1";

/// What is sealed to prove a key right.
const PROOF: &[u8] = b"this key opens the vault";

/// The secrets, opened.
pub struct Vault {
    store: SqliteStore,
    opened: Arc<Opened>,
}

/// A lock with its key.
struct Opened {
    /// The lock as it is stored: what was opened with it is not opened after it was changed.
    stored: String,
    lock: Lock,
    sealer: Sealer,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Tells whether secrets are sealed with a passphrase; `None` if none was ever kept.
    pub fn needs_passphrase(&self) -> Result<Option<bool>, StoreError> {
        let lock = self.0.readers.read(lock)?;
        Ok(lock.map(|(_, lock, _)| matches!(lock, Lock::Argon2id { .. })))
    }

    /// Opens the secrets; `None` if none was ever kept.
    pub fn open_vault(
        &self,
        passphrase: Option<&Secret<String>>,
    ) -> Result<Option<Vault>, ParameterError> {
        let Some((stored, lock, proof)) = self.0.readers.read(lock)? else {
            return Ok(None);
        };
        let key = lock.key(passphrase, &self.0.directory)?;
        let sealer = Sealer::new(&key);
        let proven = sealer.open(&proof, &stored).is_ok_and(|text| text == PROOF);
        if !proven {
            return Err(lock.wrong());
        }
        let opened = Opened {
            stored,
            lock,
            sealer,
        };
        Ok(Some(Vault {
            store: self.clone(),
            opened: Arc::new(opened),
        }))
    }

    /// Makes the vault of a data directory that has none.
    pub fn make_vault(&self, new: &NewLock) -> Result<Vault, ParameterError> {
        let vault = self.draft(new)?;
        let (stored, proof) = (vault.opened.stored.clone(), vault.opened.proof()?);
        let is_first = self.0.writer.write(move |connection| {
            let mut statement = connection.prepare_cached(INSERT)?;
            Ok::<_, StoreError>(statement.execute((stored, proof))? > 0)
        })?;
        if is_first {
            Ok(vault)
        } else {
            vault.remove_own_file()?;
            Err(changed())
        }
    }

    fn draft(&self, new: &NewLock) -> Result<Vault, ParameterError> {
        let (lock, key) = Lock::make(new, &self.0.directory)?;
        let stored = serde_json::to_string(&lock).map_err(|error| damaged("vault", error))?;
        let opened = Opened {
            stored,
            sealer: Sealer::new(&key),
            lock,
        };
        Ok(Vault {
            store: self.clone(),
            opened: Arc::new(opened),
        })
    }
}

impl Vault {
    /// Returns the value of a secret.
    pub fn secret(&self, name: &str) -> Result<Option<Secret<String>>, ParameterError> {
        let found = self.store.0.readers.read(|connection| {
            if !self.opened.is_current(connection)? {
                return Ok(Err(changed()));
            }
            stored_value(connection, ParameterKind::Secret, name).map(Ok)
        })??;
        found
            .map(|(version, blob)| self.opened.unseal(name, version, &blob))
            .transpose()
    }

    /// Returns the value of a secret that `by` is to see; that this happened is on record first.
    pub fn reveal(&self, name: &str, by: &str) -> Result<Option<Secret<String>>, ParameterError> {
        let value = self.secret(name)?;
        if value.is_some() {
            let deed = Deed::new(by, AuditAction::SecretRevealed, name);
            let (now, origin) = (self.store.0.now(), self.store.0.origin.clone());
            let note =
                move |connection: &Connection| audit::insert(connection, now, &origin, &deed);
            self.store.0.writer.write(note)?;
        }
        Ok(value)
    }

    /// Sets a secret.
    pub fn set(
        &self,
        change: ParameterChange,
        value: &Secret<String>,
    ) -> Result<ParameterEntry, ParameterError> {
        change.check(value.reveal())?;
        let (opened, value) = (Arc::clone(&self.opened), value.clone());
        let (now, origin) = (self.store.0.now(), self.store.0.origin.clone());
        self.store.0.writer.write(move |connection| {
            if !opened.is_current(connection)? {
                return Err(changed());
            }
            let name = change.name.clone();
            let seal = |version| {
                let text = value.reveal().as_bytes();
                opened.sealer.seal(text, &place(&name, version))
            };
            let entry = put(connection, ParameterKind::Secret, change, now, seal)?;
            let mut deed = Deed::new(&entry.updated_by, AuditAction::SecretSet, &entry.name);
            let version = entry.parameter_version.into();
            deed.detail.insert("version".to_owned(), version);
            audit::insert(connection, now, &origin, &deed)?;
            Ok(entry)
        })
    }

    /// Seals every secret anew, with another key; all or none. Returns how many there are.
    pub fn rekey(self, new: &NewLock, by: &str) -> Result<usize, ParameterError> {
        let deed = Deed::new(by, AuditAction::SecretsRekeyed, "secrets");
        let (now, origin) = (self.store.0.now(), self.store.0.origin.clone());
        let next = self.store.draft(new)?;
        let (from, to) = (Arc::clone(&self.opened), Arc::clone(&next.opened));
        let result = self.store.0.writer.write(move |connection| {
            if !from.is_current(connection)? {
                return Err(changed());
            }
            let count = from.seal_anew(connection, &to)?;
            replace_lock(connection, &to)?;
            audit::insert(connection, now, &origin, &deed)?;
            Ok(count)
        });
        // Whichever key is not in use: a file of it would only be there to be found. After an error
        // that is looked up, and in doubt both stay: the change may have been written all the same.
        match &result {
            Ok(_) => self.remove_own_file()?,
            Err(_) if self.is_in_use().unwrap_or(false) => next.remove_own_file()?,
            Err(_) => {}
        }
        result
    }

    fn is_in_use(&self) -> Result<bool, StoreError> {
        let readers = &self.store.0.readers;
        readers.read(|connection| self.opened.is_current(connection))
    }

    fn remove_own_file(&self) -> Result<(), StoreError> {
        let Some(file) = self.opened.lock.own_file() else {
            return Ok(());
        };
        let path = self.store.0.directory.join(file);
        fs::remove_file(&path).map_err(|error| file_failed("removing", &path, &error))
    }
}

impl Opened {
    fn seal_anew(&self, connection: &Connection, next: &Self) -> Result<usize, ParameterError> {
        let rows = stored_secrets(connection)?;
        for (name, version, blob) in &rows {
            let value = self.unseal(name, *version, blob)?;
            let text = value.reveal().as_bytes();
            let blob = next.sealer.seal(text, &place(name, *version))?;
            update(connection, name, &blob)?;
        }
        Ok(rows.len())
    }

    fn unseal(
        &self,
        name: &str,
        version: u32,
        blob: &[u8],
    ) -> Result<Secret<String>, ParameterError> {
        let place = place(name, version);
        let text = Zeroizing::new(self.sealer.open(blob, &place)?);
        let text = std::str::from_utf8(&text).map_err(|error| damaged(place, error))?;
        Ok(Secret::new(text.to_owned()))
    }

    fn proof(&self) -> Result<Vec<u8>, StoreError> {
        self.sealer.seal(PROOF, &self.stored)
    }

    fn is_current(&self, connection: &Connection) -> Result<bool, StoreError> {
        Ok(lock(connection)?.is_some_and(|(stored, ..)| stored == self.stored))
    }
}

fn replace_lock(connection: &Connection, next: &Opened) -> Result<(), StoreError> {
    connection
        .prepare_cached(REPLACE)?
        .execute((&next.stored, next.proof()?))?;
    Ok(())
}

fn update(connection: &Connection, name: &str, blob: &[u8]) -> Result<(), StoreError> {
    connection.prepare_cached(UPDATE)?.execute((name, blob))?;
    Ok(())
}

/// Returns the stored lock: as text, read, and its proof.
fn lock(connection: &Connection) -> Result<Option<(String, Lock, Vec<u8>)>, StoreError> {
    let mut statement = connection.prepare_cached(LOCK)?;
    let found = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)));
    let Some((stored, proof)): Option<(String, Vec<u8>)> = found.optional()? else {
        return Ok(None);
    };
    let lock = serde_json::from_str(&stored).map_err(|error| damaged("vault", error))?;
    Ok(Some((stored, lock, proof)))
}

fn stored_secrets(connection: &Connection) -> Result<Vec<(String, u32, Vec<u8>)>, StoreError> {
    let mut statement = connection.prepare_cached(VALUES)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn place(name: &str, version: u32) -> String {
    format!("secret {name}/{version}")
}

fn changed() -> ParameterError {
    ParameterError::WrongKey(
        "another process has changed the key of the secrets meanwhile; try again".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tempfile::{TempDir, tempdir};

    use super::*;
    use crate::store::conformance::fixture::now;

    fn open(directory: &TempDir) -> SqliteStore {
        SqliteStore::open(directory.path(), Arc::new(now)).unwrap()
    }

    fn text(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn set(vault: &Vault, name: &str, value: &str) -> Result<ParameterEntry, ParameterError> {
        let change = ParameterChange {
            name: name.to_owned(),
            description: None,
            user: "anna".to_owned(),
        };
        vault.set(change, &text(value))
    }

    #[track_caller]
    fn assert_in_no_file(directory: &Path, canary: &str) {
        for file in fs::read_dir(directory).unwrap() {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let found = bytes
                .windows(canary.len())
                .any(|part| part == canary.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }

    #[test]
    fn secrets_come_back_and_are_in_no_file() {
        let directory = tempdir().unwrap();
        let store = open(&directory);
        assert!(store.open_vault(None).unwrap().is_none());
        let vault = store.make_vault(&NewLock::OwnKeyFile).unwrap();
        assert_eq!(
            set(&vault, "db/password", "first")
                .unwrap()
                .parameter_version,
            1
        );
        let entry = set(&vault, "db/password", "canary-in-the-vault").unwrap();
        assert_eq!(
            (entry.parameter_version, entry.updated_by.as_str()),
            (2, "anna")
        );
        assert_in_no_file(directory.path(), "canary-in-the-vault");
        drop((vault, store));
        assert_in_no_file(directory.path(), "canary-in-the-vault");
        let vault = open(&directory).open_vault(None).unwrap().unwrap();
        let value = vault.secret("db/password").unwrap();
        assert_eq!(value, Some(text("canary-in-the-vault")));
        assert_eq!(vault.secret("other").unwrap(), None);
    }

    #[test]
    fn only_the_right_passphrase_opens() {
        let directory = tempdir().unwrap();
        let store = open(&directory);
        let short = store.make_vault(&NewLock::Passphrase(text("short")));
        assert!(
            matches!(short, Err(ParameterError::Invalid(_))),
            "{short:?}"
        );
        let new = NewLock::Passphrase(text("correct horse"));
        set(&store.make_vault(&new).unwrap(), "a", "value").unwrap();
        assert_eq!(store.needs_passphrase().unwrap(), Some(true));
        assert_eq!(store.open_vault(None).unwrap_err(), ParameterError::Locked);
        let wrong = store.open_vault(Some(&text("correct hoarse"))).unwrap_err();
        assert!(wrong.to_string().contains("not the passphrase"), "{wrong}");
        let vault = store
            .open_vault(Some(&text("correct horse")))
            .unwrap()
            .unwrap();
        assert_eq!(vault.secret("a").unwrap(), Some(text("value")));
    }

    #[test]
    fn another_key_file_is_refused_in_words() {
        let directory = tempdir().unwrap();
        let store = open(&directory);
        let vault = store.make_vault(&NewLock::OwnKeyFile).unwrap();
        let path = directory.path().join(vault.opened.lock.own_file().unwrap());
        fs::write(path, [7; 32]).unwrap();
        let wrong = store.open_vault(None).unwrap_err();
        assert!(wrong.to_string().contains("is not the key"), "{wrong}");
    }

    #[test]
    fn no_row_can_stand_in_for_another() {
        let directory = tempdir().unwrap();
        let store = open(&directory);
        let vault = store.make_vault(&NewLock::OwnKeyFile).unwrap();
        for (name, value) in [
            ("a", "public"),
            ("b", "private"),
            ("c", "old"),
            ("c", "new"),
        ] {
            set(&vault, name, value).unwrap();
        }
        let tamper = |sql: &str| {
            let path = directory.path().join("oos.sqlite");
            Connection::open(path).unwrap().execute_batch(sql).unwrap();
        };
        tamper(
            "UPDATE parameter SET value = (SELECT value FROM parameter WHERE name = 'b') \
                WHERE name = 'a'",
        );
        assert!(vault.secret("a").is_err());
        assert!(vault.secret("b").is_ok());
        tamper("UPDATE parameter SET version = 1 WHERE name = 'c'");
        assert!(vault.secret("c").is_err());
    }

    #[test]
    fn rekey_seals_all_anew_and_leaves_no_key_behind() {
        let directory = tempdir().unwrap();
        let store = open(&directory);
        let vault = store.make_vault(&NewLock::OwnKeyFile).unwrap();
        let key = directory.path().join(vault.opened.lock.own_file().unwrap());
        set(&vault, "a", "one").unwrap();
        set(&vault, "b/c", "two").unwrap();
        let before = open(&directory).open_vault(None).unwrap().unwrap();
        let new = NewLock::Passphrase(text("correct horse"));
        assert_eq!(vault.rekey(&new, "anna").unwrap(), 2);
        assert!(!key.exists());
        let late = set(&before, "a", "three").unwrap_err();
        assert!(late.to_string().contains("meanwhile"), "{late}");
        assert!(before.secret("a").is_err());
        let vault = store
            .open_vault(Some(&text("correct horse")))
            .unwrap()
            .unwrap();
        assert_eq!(vault.secret("a").unwrap(), Some(text("one")));
        let elsewhere = tempdir().unwrap();
        let path = elsewhere.path().join("oos.key");
        assert_eq!(
            vault
                .rekey(&NewLock::KeyFile(path.clone()), "anna")
                .unwrap(),
            2
        );
        let vault = store.open_vault(None).unwrap().unwrap();
        assert_eq!(vault.secret("b/c").unwrap(), Some(text("two")));
        fs::remove_file(path).unwrap();
        assert!(store.open_vault(None).is_err());
    }

    #[test]
    fn what_no_placeholder_could_name_is_refused() {
        let directory = tempdir().unwrap();
        let vault = open(&directory).make_vault(&NewLock::OwnKeyFile).unwrap();
        for name in ["", "a b", "a:b", "ä", &"a".repeat(201)] {
            assert!(set(&vault, name, "value").is_err(), "{name}");
        }
        assert!(set(&vault, "a", "").is_err());
        assert!(set(&vault, "a", &"x".repeat(4097)).is_err());
        assert!(set(&vault, "a", &"x".repeat(4096)).is_ok());
    }
}
