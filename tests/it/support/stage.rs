//! A whole installation in a folder of its own: store, local cloud, runner.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use oos::base::id::ExecutionId;
use oos::base::value::Map;
use oos::engine::event::{Request, Signal};
use oos::engine::status::ExecutionStatus;
use oos::provider::Provider;
use oos::provider::http::{HttpLimits, HttpProvider};
use oos::provider::local::LocalCloud;
use oos::provider::local::driver::Driver as _;
use oos::provider::local::driver::sandbox::Sandbox;
use oos::provider::registry::Registry;
use oos::runner::{
    Clock as _, DriveOptions, Identity, Library, Outcome, Parts, Runner, StartError, StartRequest,
    SystemClock, TemplateRef,
};
use oos::store::Store;
use oos::store::sqlite::SqliteStore;
use oos::store::view::{ExecutionView, TaskFilter, TaskView};

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(120);

/// An installation; its instances end with it.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    pub(crate) runner: Runner,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with_library(Vec::new())
    }

    pub(crate) fn with_library(folders: Vec<PathBuf>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let runner = open(folder.path(), folders, "tester");
        Self {
            folder,
            runtime,
            runner,
        }
    }

    /// Returns a runner of somebody else on the same data directory.
    pub(crate) fn runner_of(&self, user: &str) -> Runner {
        open(self.folder.path(), Vec::new(), user)
    }

    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(async {
            tokio::time::timeout(PATIENCE, work)
                .await
                .expect("it takes far too long")
        })
    }

    /// Starts a template text or a runbook of the library.
    pub(crate) fn start(
        &self,
        template: &str,
        arguments: Value,
    ) -> Result<ExecutionId, StartError> {
        let template = if template.contains('\n') {
            TemplateRef::Text {
                name: "test".to_owned(),
                text: template.to_owned(),
            }
        } else {
            TemplateRef::Name {
                name: template.to_owned(),
                version: None,
            }
        };
        let mut request = StartRequest::new(template);
        request.arguments = serde_json::from_value::<Map>(arguments).unwrap();
        self.start_request(request)
    }

    pub(crate) fn start_request(&self, request: StartRequest) -> Result<ExecutionId, StartError> {
        let prepared = self.runner.prepare(request)?;
        self.wait(self.runner.start(&prepared))
    }

    /// Works on an execution until it ends.
    pub(crate) fn drive(&self, id: &ExecutionId) -> ExecutionView {
        let outcome = self
            .wait(self.runner.drive(id, DriveOptions::default()))
            .unwrap();
        assert!(matches!(outcome, Outcome::Ended { .. }), "{outcome:?}");
        self.view(id)
    }

    /// Works on an execution until it waits for a person.
    pub(crate) fn drive_until_waiting(&self, id: &ExecutionId) -> ExecutionView {
        let options = DriveOptions {
            stop_when_waiting: true,
            ..DriveOptions::default()
        };
        let outcome = self.wait(self.runner.drive(id, options)).unwrap();
        assert_eq!(outcome, Outcome::Stopped, "{:?}", self.tasks(id));
        self.view(id)
    }

    /// Starts and drives; asserts that it ends well.
    pub(crate) fn succeed(&self, template: &str, arguments: Value) -> ExecutionView {
        let id = self.start(template, arguments).unwrap();
        let view = self.drive(&id);
        assert_eq!(
            view.status,
            ExecutionStatus::Success,
            "{}\n{:#?}",
            view.status_message,
            self.tasks(&id)
        );
        view
    }

    /// Leaves a signal for whoever works on the execution next.
    pub(crate) fn post(&self, id: &ExecutionId, by: &str, request: Request) {
        let signal = Signal {
            by: by.to_owned(),
            note: "a test".to_owned(),
            request,
            plan: self.view(id).plan,
            number: None,
        };
        self.wait(self.runner.store().post(id, &signal)).unwrap();
    }

    pub(crate) fn view(&self, id: &ExecutionId) -> ExecutionView {
        self.wait(self.runner.store().execution(id))
            .unwrap()
            .expect("it was started")
    }

    pub(crate) fn tasks(&self, id: &ExecutionId) -> Vec<TaskView> {
        let filter = TaskFilter {
            include_items: true,
            ..TaskFilter::default()
        };
        self.wait(self.runner.store().tasks(id, &filter)).unwrap()
    }

    /// Starts instances of image `host` and returns their ids.
    pub(crate) fn instances(&self, amount: u32, tags: Value) -> Vec<String> {
        let view = self.succeed(
            "ACS::ECS::RunInstances",
            serde_json::json!({
                "imageId": "host", "instanceType": "ecs.local", "vSwitchId": "local",
                "securityGroupId": "local", "amount": amount, "tags": tags,
            }),
        );
        serde_json::from_value(view.outputs["instanceIds"].clone()).unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let Ok(sandbox) = Sandbox::new(self.folder.path().join("sandbox"), program()) else {
            return;
        };
        let instances = std::fs::read_dir(self.folder.path().join("sandbox/instances"));
        for entry in instances.into_iter().flatten().flatten() {
            let id = entry.file_name().to_string_lossy().into_owned();
            // A folder that is no instance has nothing to end.
            drop(self.runtime.block_on(sandbox.delete(&id)));
        }
    }
}

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_oos"))
}

fn open(folder: &Path, libraries: Vec<PathBuf>, user: &str) -> Runner {
    let store: Arc<SqliteStore> =
        Arc::new(SqliteStore::open(folder, Arc::new(|| SystemClock.now())).unwrap());
    let sandbox = Sandbox::new(folder.join("sandbox"), program()).unwrap();
    let cloud = LocalCloud::new(
        Arc::clone(&store) as Arc<dyn oos::base::records::Records>,
        Arc::new(sandbox),
        "1000000000000001",
        "local",
    );
    let http = Arc::new(HttpProvider::new(HttpLimits::default()).unwrap());
    let provider: Arc<dyn Provider> = Arc::new(Registry::new(Arc::new(cloud), http));
    Runner::new(Parts {
        store: store as Arc<dyn Store>,
        provider,
        library: Library::new(libraries, None),
        clock: Arc::new(SystemClock),
        identity: Identity {
            user: user.to_owned(),
            account: "1000000000000001".to_owned(),
            region: "local".to_owned(),
            inventory: None,
        },
    })
}
