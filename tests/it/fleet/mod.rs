//! Reports over fleets: executions run by the runner, on a provider whose hosts say what a test wants.

mod change;
mod history;
mod memory;
mod page;
mod report;
mod scale;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use oos::action::{ActionKind, ActionSpec, ApiSpec, PropertySpec};
use oos::base::call::{ACTION_SERVICE, ApiCall, ApiError, CallFault, Recovery};
use oos::base::id::ExecutionId;
use oos::base::output::Channel;
use oos::base::value::Map;
use oos::provider::{CallContext, Provider};
use oos::runner::{
    Clock as _, DriveOptions, Identity, Library, Parts, Prepared, Runner, StartRequest,
    SystemClock, TemplateRef,
};
use oos::store::Logs as _;
use oos::store::sqlite::SqliteStore;
use oos::template::model::ValueType;

use crate::support::oos::Home;

/// The action that the hosts serve.
const RUN_COMMAND: &str = "ACS::ECS::RunCommand";

/// Runs a command on every host.
const LOOK: &str = "
FormatVersion: OOS-2019-06-01
Parameters: {hosts: {Type: List}}
Tasks:
  - Name: look
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ ACS::TaskLoopItem }}'
      commandType: RunShellScript
      commandContent: look
    Loop:
      Items: '{{ hosts }}'
      RateControl: {Mode: Concurrency, Concurrency: 200, MaxErrors: '100%'}
";

/// What a host says to the command.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    stdout: String,
    stderr: String,
    fault: Option<CallFault>,
}

impl Said {
    fn ok(stdout: impl Into<String>) -> Self {
        Self {
            stdout: stdout.into(),
            stderr: String::new(),
            fault: None,
        }
    }

    fn failed(code: &str, message: &str) -> Self {
        Self {
            stdout: String::new(),
            stderr: String::new(),
            fault: Some(ApiError::new(code, message).into()),
        }
    }

    fn with_stderr(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stderr);
        self
    }
}

/// Hosts of any name.
struct Hosts(Box<dyn Fn(&str) -> Said + Send + Sync>);

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hosts")
    }
}

#[async_trait]
impl Provider for Hosts {
    fn api(&self, service: &str, api: &str) -> Option<ApiSpec> {
        self.apis()
            .into_iter()
            .find(|spec| spec.service == service && spec.api == api)
    }

    fn apis(&self) -> Vec<ApiSpec> {
        vec![ApiSpec {
            service: ACTION_SERVICE.to_owned(),
            api: RUN_COMMAND.to_owned(),
            recovery: Recovery::Resumable,
        }]
    }

    fn actions(&self) -> Vec<ActionSpec> {
        let property = |name: &str| PropertySpec::required(name, ValueType::String, "");
        vec![ActionSpec {
            name: RUN_COMMAND.to_owned(),
            description: (String::new(), String::new()),
            kind: ActionKind::Call,
            properties: ["instanceId", "commandType", "commandContent"]
                .map(property)
                .into(),
            outputs: Vec::new(),
        }]
    }

    async fn call(&self, call: &ApiCall, context: &CallContext) -> Result<Value, CallFault> {
        let said = (self.0)(call.parameters["instanceId"].as_str().unwrap());
        for (channel, text) in [
            (Channel::Stdout, &said.stdout),
            (Channel::Stderr, &said.stderr),
        ] {
            if !text.is_empty() {
                let written = context
                    .sink
                    .write(&context.log, channel, 0, text.as_bytes());
                written.unwrap();
            }
        }
        match said.fault {
            Some(fault) => Err(fault),
            None => Ok(json!({})),
        }
    }
}

/// A home whose executions run on hosts.
pub(crate) struct Fleet {
    home: Home,
    store: Arc<SqliteStore>,
    runtime: tokio::runtime::Runtime,
}

impl Fleet {
    fn new() -> Self {
        let home = Home::new();
        let data = home.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let store = SqliteStore::open(&data, Arc::new(|| SystemClock.now())).unwrap();
        Self {
            home,
            store: Arc::new(store),
            runtime: tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    /// Runs [`LOOK`] to its end.
    fn look(
        &self,
        hosts: &[String],
        say: impl Fn(&str) -> Said + Send + Sync + 'static,
    ) -> ExecutionId {
        self.run(LOOK, json!({ "hosts": hosts }), say)
    }

    fn run(
        &self,
        template: &str,
        arguments: Value,
        say: impl Fn(&str) -> Said + Send + Sync + 'static,
    ) -> ExecutionId {
        let (runner, prepared) = self.prepare(template, arguments, say);
        self.runtime.block_on(async {
            let id = runner.start(&prepared).await.unwrap();
            runner.drive(&id, DriveOptions::default()).await.unwrap();
            // Brings what was printed to where other processes look.
            self.store.logs(&id).await.unwrap();
            id
        })
    }

    fn prepare(
        &self,
        template: &str,
        arguments: Value,
        say: impl Fn(&str) -> Said + Send + Sync + 'static,
    ) -> (Runner, Prepared) {
        let runner = Runner::new(Parts {
            store: Arc::clone(&self.store) as _,
            provider: Arc::new(Hosts(Box::new(say))),
            library: Library::new(Vec::new(), None),
            clock: Arc::new(SystemClock),
            identity: Identity {
                user: "tester".to_owned(),
                account: "1".to_owned(),
                region: "local".to_owned(),
                inventory: None,
            },
        });
        let mut request = StartRequest::new(TemplateRef::Text {
            name: "look".to_owned(),
            text: template.to_owned(),
        });
        request.arguments = serde_json::from_value::<Map>(arguments).unwrap();
        let prepared = runner.prepare(request).unwrap();
        (runner, prepared)
    }
}

/// Returns `PREFIX1`, `PREFIX2`, … of equal length.
fn names(prefix: &str, count: usize) -> Vec<String> {
    let width = count.to_string().len();
    (1..=count)
        .map(|n| format!("{prefix}{n:0width$}"))
        .collect()
}

/// A host's answer by its name.
fn by_name(answers: impl IntoIterator<Item = (String, Said)>) -> impl Fn(&str) -> Said {
    let answers: BTreeMap<String, Said> = answers.into_iter().collect();
    move |name| answers[name].clone()
}
