//! The parameter store as runs and commands use it: secrets are opened when the first is needed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::secret::Secret;
use crate::cli::output::Output;
use crate::cli::passphrase::{Entry, ask_hidden, read_hidden};
use crate::cli::report::Failure;
use crate::config::Settings;
use crate::store::sqlite::{NewLock, SqliteStore, Vault};
use crate::store::{ParameterError, Parameters};

/// The parameter store of a data directory.
#[derive(Debug)]
pub(super) struct ParameterStore {
    store: Arc<SqliteStore>,
    passphrase_file: Option<PathBuf>,
    opened: Mutex<Option<Arc<Vault>>>,
}

impl ParameterStore {
    /// Makes the parameter store; nothing is opened yet.
    pub(super) fn new(store: Arc<SqliteStore>, settings: &Settings) -> Self {
        Self {
            store,
            passphrase_file: settings.passphrase_file.clone(),
            opened: Mutex::new(None),
        }
    }

    /// Opens the secrets, asking for the passphrase if it is needed and somebody can answer. The
    /// vault is made if there is none.
    pub(super) fn open(&self, output: &Output) -> Result<Arc<Vault>, Failure> {
        let opened = match self.opened() {
            Err(ParameterError::Locked) if output.can_ask() => self.ask()?,
            other => other?,
        };
        match opened {
            Some(vault) => Ok(vault),
            None => Ok(self.keep(self.store.make_vault(&self.first_lock()?)?)),
        }
    }

    /// Opens the secrets for somebody who alone has them.
    pub(super) fn open_alone(&self, output: &Output) -> Result<Vault, Failure> {
        let vault = self.open(output)?;
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.take();
        Ok(Arc::into_inner(vault).expect("nobody else was given it"))
    }

    /// Asks for the passphrase and opens the secrets with it.
    pub(super) fn ask(&self) -> Result<Option<Arc<Vault>>, Failure> {
        let passphrase = ask_hidden("Passphrase of the secrets:", Entry::Known)?;
        let vault = self.store.open_vault(Some(&passphrase))?;
        Ok(vault.map(|vault| self.keep(vault)))
    }

    /// Returns the secrets if they can be opened without asking; `None` if none was ever kept.
    fn opened(&self) -> Result<Option<Arc<Vault>>, ParameterError> {
        if let Some(vault) = self.kept() {
            return Ok(Some(vault));
        }
        let passphrase = match &self.passphrase_file {
            Some(_) if self.store.needs_passphrase()? != Some(true) => None,
            Some(path) => Some(passphrase(path)?),
            None => None,
        };
        let vault = self.store.open_vault(passphrase.as_ref())?;
        Ok(vault.map(|vault| self.keep(vault)))
    }

    /// Returns what the first secret is sealed with: the passphrase that was given, else a key file.
    fn first_lock(&self) -> Result<NewLock, Failure> {
        Ok(match &self.passphrase_file {
            Some(path) => NewLock::Passphrase(read_hidden(path)?),
            None => NewLock::OwnKeyFile,
        })
    }

    fn kept(&self) -> Option<Arc<Vault>> {
        let opened = self.opened.lock();
        opened.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, vault: Vault) -> Arc<Vault> {
        let vault = Arc::new(vault);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        *opened = Some(Arc::clone(&vault));
        vault
    }
}

fn passphrase(path: &std::path::Path) -> Result<Secret<String>, ParameterError> {
    read_hidden(path).map_err(|failure| ParameterError::WrongKey(failure.to_string()))
}

impl Parameters for ParameterStore {
    fn parameter(&self, name: &str) -> Result<Option<String>, ParameterError> {
        Ok(self.store.parameter_value(name)?)
    }

    fn secret(&self, name: &str) -> Result<Option<Secret<String>>, ParameterError> {
        match self.opened()? {
            Some(vault) => vault.secret(name),
            None => Ok(None),
        }
    }
}

impl From<ParameterError> for Failure {
    fn from(error: ParameterError) -> Self {
        let hint = parameter_hint(&error);
        match error {
            ParameterError::Store(error) => error.into(),
            error => Self::usage(error).maybe_hinted(hint),
        }
    }
}

/// Returns what may help with an error of the parameter store.
pub(super) fn parameter_hint(error: &ParameterError) -> Option<String> {
    match error {
        ParameterError::Locked => Some(
            "Name a file that holds the passphrase with `--passphrase-file`, or run this on a \
             terminal to be asked."
                .to_owned(),
        ),
        ParameterError::WrongKey(_) | ParameterError::Invalid(_) | ParameterError::Store(_) => None,
    }
}
