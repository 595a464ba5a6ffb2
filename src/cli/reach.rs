//! How hosts are reached from here: as whom, with which keys, with secrets of the parameter store.

use std::sync::Arc;

use anyhow::anyhow;
use futures_util::{StreamExt as _, stream};
use tokio::runtime::{Builder, Runtime};

use crate::base::secret::Secret;
use crate::cli::environment;
use crate::cli::report::Failure;
use crate::cli::vault::ParameterStore;
use crate::cli::workshop::open_store;
use crate::config::Settings;
use crate::provider::inventory::{Host, Inventory};
pub(super) use crate::provider::local::driver::ssh::Hosts as HostDriver;
use crate::provider::ssh::{Connector, ConnectorSettings, SecretError, Secrets};
use crate::store::Parameters as _;

/// How many hosts are asked at the same time.
const AT_ONCE: usize = 100;

/// Returns what reaches the hosts of an inventory, if there are any.
pub(super) fn host_driver(
    inventory: &Arc<Inventory>,
    parameters: &Arc<ParameterStore>,
) -> Result<Option<Arc<HostDriver>>, Failure> {
    if inventory.is_empty() {
        return Ok(None);
    }
    let secrets: Arc<dyn Secrets> = Arc::new(HostSecrets(parameters.clone()));
    let connector = connector(secrets.clone())?;
    let driver = HostDriver::new(inventory.clone(), connector, secrets);
    Ok(Some(Arc::new(driver)))
}

/// Speaks with hosts outside of executions.
#[derive(Debug)]
pub(super) struct Reach {
    runtime: Runtime,
    hosts: Arc<HostDriver>,
}

impl Reach {
    /// Makes one for the hosts of an inventory; passwords come from the data directory.
    pub(super) fn open(settings: &Settings, inventory: &Arc<Inventory>) -> Result<Self, Failure> {
        let store = open_store(settings)?;
        let parameters = Arc::new(ParameterStore::new(store, settings));
        let hosts = host_driver(inventory, &parameters)?;
        Ok(Self {
            runtime: Builder::new_multi_thread().enable_all().build()?,
            hosts: hosts.ok_or_else(|| Failure::usage(anyhow!("the inventory has no hosts")))?,
        })
    }

    /// Asks hosts something, many at a time; the answers come in the order of the hosts.
    pub(super) fn each<T, F: Future<Output = T>>(
        &self,
        chosen: &[Arc<Host>],
        ask: impl Fn(Arc<HostDriver>, Arc<Host>) -> F,
    ) -> Vec<T> {
        let answers = chosen
            .iter()
            .map(|host| ask(self.hosts.clone(), host.clone()));
        let answers = stream::iter(answers).buffered(AT_ONCE);
        self.runtime.block_on(answers.collect())
    }
}

fn connector(secrets: Arc<dyn Secrets>) -> Result<Connector, Failure> {
    let settings = ConnectorSettings {
        home: environment::variable("HOME").map(Into::into),
        agent: environment::variable("SSH_AUTH_SOCK").map(Into::into),
        ..ConnectorSettings::of(environment::user_name())
    };
    Connector::new(&settings, secrets).map_err(Failure::internal)
}

/// The parameter store as hosts need it.
#[derive(Debug)]
struct HostSecrets(Arc<ParameterStore>);

impl Secrets for HostSecrets {
    fn secret(&self, name: &str) -> Result<Secret<String>, SecretError> {
        let fail = |reason: String| SecretError {
            name: name.to_owned(),
            reason,
        };
        match self.0.secret(name) {
            Ok(Some(secret)) => Ok(secret),
            Ok(None) => Err(fail("it is not in the parameter store".to_owned())),
            Err(error) => Err(fail(error.to_string())),
        }
    }
}
