//! What the tests of connections share: a connector, and secrets that are known.

use std::collections::HashMap;
use std::sync::Arc;

use oos::base::secret::Secret;
use oos::provider::ssh::{
    Collected, Connection, Connector, ConnectorSettings, Endpoint, Exit, SecretError, Secrets,
    SshError,
};

use crate::support::sshd::Sshd;

/// Most bytes of output that a test looks at.
const MOST: usize = 1 << 20;

/// Secrets by name.
#[derive(Debug, Default)]
pub(super) struct Known(pub(super) HashMap<&'static str, &'static str>);

impl Secrets for Known {
    fn secret(&self, name: &str) -> Result<Secret<String>, SecretError> {
        let found = self
            .0
            .get(name)
            .map(|value| Secret::new((*value).to_owned()));
        found.ok_or_else(|| SecretError {
            name: name.to_owned(),
            reason: "there is none".to_owned(),
        })
    }
}

/// Settings that find nothing of whoever runs the tests.
pub(super) fn settings() -> ConnectorSettings {
    ConnectorSettings::of(Sshd::user())
}

/// A connector that knows no secrets.
pub(super) fn connector() -> Connector {
    with(&settings(), &[])
}

/// A connector with settings and secrets.
pub(super) fn with(
    settings: &ConnectorSettings,
    secrets: &[(&'static str, &'static str)],
) -> Connector {
    let known = Known(secrets.iter().copied().collect());
    Connector::new(settings, Arc::new(known)).unwrap()
}

/// Runs what a test does.
pub(super) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(test)
}

/// Runs a command without input on a connection.
pub(super) async fn exec(connection: &Connection, command: &str) -> Result<Collected, SshError> {
    let mut command = connection.exec(command).await?;
    command.end_input();
    command.collect(MOST).await
}

/// Runs a command on a host.
pub(super) async fn run_on(
    connector: &Connector,
    endpoint: &Endpoint,
    command: &str,
) -> Result<Collected, SshError> {
    exec(&connector.connect(endpoint).await?, command).await
}

/// Asserts that a command said just this on its standard output and ended well.
#[track_caller]
pub(super) fn assert_said(collected: &Collected, stdout: &str) {
    let said = String::from_utf8_lossy(&collected.stdout);
    assert_eq!(
        (&*said, &collected.exit),
        (stdout, &Exit::Code(0)),
        "{collected:?}"
    );
}
