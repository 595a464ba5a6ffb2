//! Commands on hosts through the local cloud, in this process: a real sshd, the driver, no program.

use std::path::PathBuf;
use std::sync::Arc;

use oos::base::call::CallFault;
use oos::base::output::Channel;
use oos::base::secret::Secret;
use oos::base::value::Value;
use oos::provider::conformance::{call, context};
use oos::provider::inventory::{Host, Inventory};
use oos::provider::local::LocalCloud;
use oos::provider::local::driver::ssh::Hosts;
use oos::provider::local::fake::FakeRecords;
use oos::provider::output::MemorySink;
use oos::provider::ssh::{Connector, ConnectorSettings, Endpoint, HostKeys, SecretError, Secrets};
use oos::provider::{CallContext, Provider as _};
use serde_json::json;

use crate::support::sshd::Sshd;

/// The name of the host of most tests.
pub(crate) const HOST: &str = "web1";

/// No secret but one: the password `open sesame`.
#[derive(Debug)]
pub(crate) struct OnePassword;

impl Secrets for OnePassword {
    fn secret(&self, name: &str) -> Result<Secret<String>, SecretError> {
        Ok(Secret::new(match name {
            "password" => "open sesame".to_owned(),
            other => format!("not {other}"),
        }))
    }
}

/// A process that works with hosts. Another one has other memory, and the same hosts.
pub(crate) struct Operator {
    pub(crate) cloud: LocalCloud,
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) sink: Arc<MemorySink>,
}

impl Operator {
    /// Makes one that reaches a single host.
    pub(crate) fn of(endpoint: Endpoint) -> Self {
        Self::with(endpoint, Arc::default(), Arc::default())
    }

    /// Makes one over what an earlier one has stored.
    pub(crate) fn with(
        endpoint: Endpoint,
        records: Arc<FakeRecords>,
        sink: Arc<MemorySink>,
    ) -> Self {
        Self::over([host(endpoint)], records, sink)
    }

    /// Makes one that reaches several hosts.
    pub(crate) fn over(
        hosts: impl IntoIterator<Item = Host>,
        records: Arc<FakeRecords>,
        sink: Arc<MemorySink>,
    ) -> Self {
        let inventory = Arc::new(Inventory::new(hosts));
        let settings = ConnectorSettings::of(Sshd::user());
        let connector = Connector::new(&settings, Arc::new(OnePassword)).unwrap();
        let hosts = Arc::new(Hosts::new(
            inventory.clone(),
            connector,
            Arc::new(OnePassword),
        ));
        let cloud = LocalCloud::new(records, hosts.clone(), "1", "local");
        Self {
            cloud: cloud.with_inventory(inventory),
            hosts,
            sink,
        }
    }

    /// Runs a shell script and returns what the call came to.
    pub(crate) async fn run(&self, token: &str, script: &str) -> Result<Value, CallFault> {
        self.call(
            token,
            &json!({"commandContent": script}),
            &self.context(token),
        )
        .await
    }

    /// Makes the call with more properties.
    pub(crate) async fn call(
        &self,
        token: &str,
        more: &Value,
        context: &CallContext,
    ) -> Result<Value, CallFault> {
        let mut properties = json!({"instanceId": HOST, "commandType": "RunShellScript"});
        for (name, value) in more.as_object().unwrap() {
            properties[name] = value.clone();
        }
        // Tests that run beside this one share the machine: ending a command looks for its id everywhere.
        let token = format!("{token}-{}", std::process::id());
        let call = call("ACS", "ACS::ECS::RunCommand", &token, &properties);
        self.cloud.call(&call, context).await
    }

    /// Returns the context of a call whose output goes to the log `token`.
    pub(crate) fn context(&self, token: &str) -> CallContext {
        context(&self.sink, token)
    }

    /// Returns what a call has written to its log.
    pub(crate) fn output(&self, token: &str, channel: Channel) -> String {
        let bytes = self.sink.bytes(&self.context(token).log, channel);
        String::from_utf8(bytes).unwrap()
    }

    /// Waits until the host has forgotten what is recorded.
    pub(crate) async fn settle(&self) {
        self.cloud.settle().await;
        self.hosts.settle().await;
    }
}

/// Returns the host of most tests.
pub(crate) fn host(endpoint: Endpoint) -> Host {
    Host::new(HOST, endpoint)
}

/// Returns how the host is reached through another port.
pub(crate) fn through(sshd: &Sshd, port: u16) -> Endpoint {
    let known = sshd.file("known_hosts_anywhere");
    std::fs::write(&known, format!("* {}", sshd.public("host_ed25519"))).unwrap();
    Endpoint {
        address: "127.0.0.1".to_owned(),
        port,
        host_keys: HostKeys {
            files: vec![known],
            ..HostKeys::default()
        },
        ..sshd.endpoint(0)
    }
}

/// Returns the folder in which the host keeps commands.
pub(crate) fn state(sshd: &Sshd) -> PathBuf {
    sshd.home().join(".local/state/oos")
}

/// Returns how often a script that appends to `$HOME/count` ran.
pub(crate) fn count(sshd: &Sshd) -> usize {
    let text = std::fs::read_to_string(sshd.home().join("count")).unwrap_or_default();
    text.lines().count()
}

/// Runs what a test does.
pub(crate) fn wait<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(test)
}
