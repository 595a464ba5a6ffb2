//! The keys and secrets of this process: each file is read and opened once, however many hosts it is
//! for.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::keys::ssh_key::Certificate;
use tokio::sync::Mutex;

use crate::base::secret::Secret;
use crate::provider::ssh::endpoint::Endpoint;
use crate::provider::ssh::error::SshError;
use crate::provider::ssh::login::identity::{Identity, IdentityError, read_certificate};
use crate::provider::ssh::secrets::{SecretError, Secrets};
use crate::provider::ssh::settings::ConnectorSettings;

/// The key files that a user usually has, in the order in which they are tried.
const USUAL: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// Reads keys and secrets once.
#[derive(Debug)]
pub(in crate::provider::ssh) struct Keyring {
    pub(super) user: String,
    pub(super) agent: Option<PathBuf>,
    home: Option<PathBuf>,
    secrets: Arc<dyn Secrets>,
    revealed: Mutex<HashMap<String, Arc<Secret<String>>>>,
    read: Mutex<HashMap<Wanted, Arc<Identities>>>,
}

/// Which files are read.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Wanted {
    identities: Vec<PathBuf>,
    certificates: Vec<PathBuf>,
    passphrase: Option<String>,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Identities {
    pub(super) keys: Vec<Identity>,
    /// Certificates that belong to none of the keys, but may to one of the agent.
    pub(super) certificates: Vec<Certificate>,
    /// Usual keys that cannot be used, and why.
    pub(super) passed_over: Vec<String>,
}

impl Keyring {
    /// Makes one that has read nothing.
    pub(in crate::provider::ssh) fn new(
        settings: &ConnectorSettings,
        secrets: Arc<dyn Secrets>,
    ) -> Self {
        Self {
            user: settings.user.clone(),
            agent: settings.agent.clone(),
            home: settings.home.clone(),
            secrets,
            revealed: Mutex::default(),
            read: Mutex::default(),
        }
    }

    /// Returns a secret.
    pub(super) async fn secret(&self, name: &str) -> Result<Arc<Secret<String>>, SshError> {
        let mut revealed = self.revealed.lock().await;
        if let Some(secret) = revealed.get(name) {
            return Ok(Arc::clone(secret));
        }
        let (secrets, wanted) = (Arc::clone(&self.secrets), name.to_owned());
        let secret = tokio::task::spawn_blocking(move || secrets.secret(&wanted)).await;
        let secret = secret.map_err(|error| SecretError {
            name: name.to_owned(),
            reason: error.to_string(),
        })??;
        let secret = Arc::new(secret);
        revealed.insert(name.to_owned(), Arc::clone(&secret));
        Ok(secret)
    }

    /// Returns the keys of an endpoint's files.
    pub(super) async fn identities(
        &self,
        endpoint: &Endpoint,
    ) -> Result<Arc<Identities>, SshError> {
        let wanted = Wanted {
            identities: endpoint.identities.clone(),
            certificates: endpoint.certificates.clone(),
            passphrase: endpoint.passphrase.clone(),
        };
        let mut read = self.read.lock().await;
        if let Some(identities) = read.get(&wanted) {
            return Ok(Arc::clone(identities));
        }
        let passphrase = match &wanted.passphrase {
            Some(name) => Some((name.clone(), self.secret(name).await?)),
            None => None,
        };
        let (home, files) = (self.home.clone(), wanted.clone());
        let opened = tokio::task::spawn_blocking(move || {
            let passphrase = passphrase.as_ref();
            let passphrase = passphrase.map(|(name, secret)| (name.as_str(), &**secret));
            files.read(home.as_deref(), passphrase)
        });
        let identities = opened.await.map_err(|error| SshError::Protocol {
            host: endpoint.name(),
            reason: format!("its keys were not read: {error}"),
        })?;
        let identities = Arc::new(identities?);
        read.insert(wanted, Arc::clone(&identities));
        Ok(identities)
    }
}

impl Wanted {
    fn read(
        &self,
        home: Option<&Path>,
        passphrase: Option<(&str, &Secret<String>)>,
    ) -> Result<Identities, IdentityError> {
        let mut found = Identities::default();
        for path in &self.identities {
            found.keys.push(Identity::read(path, passphrase)?);
        }
        if self.identities.is_empty() {
            for path in home
                .iter()
                .flat_map(|home| USUAL.map(|name| home.join(".ssh").join(name)))
            {
                match Identity::read(&path, passphrase) {
                    Ok(identity) => found.keys.push(identity),
                    Err(error) if is_missing(&error) => {}
                    Err(error) => found.passed_over.push(error.to_string()),
                }
            }
        }
        for path in &self.certificates {
            let certificate = read_certificate(path)?;
            let mut keys = found.keys.iter_mut();
            let own =
                |key: &&mut Identity| key.key.public_key().key_data() == certificate.public_key();
            match keys.find(own) {
                Some(identity) => identity.certificate = Some(certificate),
                None => found.certificates.push(certificate),
            }
        }
        Ok(found)
    }
}

fn is_missing(error: &IdentityError) -> bool {
    matches!(error, IdentityError::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound)
}
