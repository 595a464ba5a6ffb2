//! Puts the runner together: store, embedded cloud, library, clock, identity.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::base::id::ExecutionId;
use crate::base::output::OutputSink;
use crate::base::source::Source;
use crate::cli::client;
use crate::cli::environment;
use crate::cli::hosts::{Hosts, record, with_recorded};
use crate::cli::reach::{HostDriver, host_driver};
use crate::cli::report::Failure;
use crate::cli::vault::ParameterStore;
use crate::config::Settings;
use crate::provider::http::{HttpLimits, HttpProvider};
use crate::provider::local::LocalCloud;
use crate::provider::local::driver::sandbox::Sandbox;
use crate::provider::local::driver::{Driver, Router};
use crate::provider::{Provider, Registry};
use crate::runner::{Clock as _, Identity, Library, Parts, Runner, SystemClock};
use crate::store::sqlite::SqliteStore;
use crate::store::{Journal as _, Templates as _};
use crate::template::source::{Found, LookupError, TemplateSource};

/// The folder in the data directory for instances and images.
const SANDBOX_FOLDER: &str = "sandbox";

/// Everything that is needed to run something.
#[derive(Debug)]
pub(super) struct Workshop {
    runtime: Runtime,
    runner: Runner,
    store: Arc<SqliteStore>,
    cloud: Arc<LocalCloud>,
    parameters: Arc<ParameterStore>,
    hosts: Hosts,
    host_driver: Option<Arc<HostDriver>>,
}

impl Workshop {
    /// Opens the data directory and puts the runner together.
    pub(super) fn open(settings: &Settings) -> Result<Self, Failure> {
        // One thread for everything: a fleet's worth of short waits costs less there than handing tasks
        // from thread to thread. What takes long (archives, files, names) has threads of its own.
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let store = open_store(settings)?;
        Self::put_together(settings, runtime, store)
    }

    /// Opens the data directory for work on an execution that a person means, and returns its id. Its
    /// hosts are those of the inventory that it was started with, unless the command line names one.
    pub(super) fn open_for(
        settings: &Settings,
        text: &str,
    ) -> Result<(Self, ExecutionId), Failure> {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let store = open_store(settings)?;
        let (id, started) = runtime.block_on(async {
            let id = client::find(store.as_ref(), text).await?.execution_id;
            let started = store.start(&id.root()).await?;
            Ok::<_, Failure>((id, started))
        })?;
        let recorded = started.and_then(|started| with_recorded(settings, &started));
        let Some(recorded) = recorded else {
            let workshop = Self::put_together(settings, runtime, store)?;
            return Ok((workshop, id));
        };
        // Told apart from other failures of the inventory: nobody has named it now.
        let hosts = runtime
            .block_on(Hosts::read(&recorded))
            .map_err(|failure| {
                failure.hinted(format!(
                    "`{id}` was started with this inventory. If it is somewhere else now, name it: \
                 `--inventory SOURCE`."
                ))
            })?;
        let workshop = Self::with_hosts(&recorded, runtime, store, hosts)?;
        Ok((workshop, id))
    }

    fn put_together(
        settings: &Settings,
        runtime: Runtime,
        store: Arc<SqliteStore>,
    ) -> Result<Self, Failure> {
        let hosts = runtime.block_on(Hosts::read(settings))?;
        Self::with_hosts(settings, runtime, store, hosts)
    }

    fn with_hosts(
        settings: &Settings,
        runtime: Runtime,
        store: Arc<SqliteStore>,
        hosts: Hosts,
    ) -> Result<Self, Failure> {
        let parameters = Arc::new(ParameterStore::new(store.clone(), settings));
        let host_driver = host_driver(&hosts.inventory, &parameters)?;
        let cloud = LocalCloud::new(
            store.clone(),
            driver(settings, host_driver.as_ref())?,
            settings.account.clone(),
            settings.region.clone(),
        );
        let cloud = Arc::new(cloud.with_inventory(hosts.inventory.clone()));
        // The cloud itself looks at them whenever it is asked: they change while a run is under way.
        let hosts = hosts.tagged(store.clone())?;
        let http = HttpProvider::new(HttpLimits::default()).map_err(Failure::internal)?;
        let provider = Arc::new(Registry::new(cloud.clone(), Arc::new(http)));
        let parts = parts(settings, &runtime, &store, provider);
        Ok(Self {
            runtime,
            runner: Runner::with_parameters(parts, parameters.clone()),
            parameters,
            store,
            cloud,
            hosts,
            host_driver,
        })
    }

    /// Returns the runner.
    pub(super) fn runner(&self) -> &Runner {
        &self.runner
    }

    /// Returns the parameter store.
    pub(super) fn parameters(&self) -> &ParameterStore {
        &self.parameters
    }

    /// Returns the embedded cloud.
    pub(super) fn cloud(&self) -> &LocalCloud {
        &self.cloud
    }

    /// Returns the hosts of the inventory.
    pub(super) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Returns what takes the output of commands.
    pub(super) fn sink(&self) -> Arc<dyn OutputSink> {
        self.store.clone()
    }

    /// Ends connections to hosts as soon as they are not used: for work that asks each host once.
    pub(super) fn keep_no_connections(&self) {
        if let Some(hosts) = &self.host_driver {
            hosts.keep_no_connections();
        }
    }

    /// Runs work to its end; hosts then forget what was recorded.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(async {
            let result = work.await;
            self.cloud.settle().await;
            if let Some(hosts) = &self.host_driver {
                hosts.settle().await;
            }
            result
        })
    }
}

/// Returns what makes instances; where there are hosts, it is set up when an instance is meant.
fn driver(
    settings: &Settings,
    hosts: Option<&Arc<HostDriver>>,
) -> Result<Arc<dyn Driver>, Failure> {
    let folder = sandbox_folder(&settings.data_dir);
    let executable = executable()?;
    let make = move || Sandbox::new(folder.clone(), executable.clone());
    if let Some(hosts) = hosts {
        let router = Router::new(hosts.clone(), move || Ok(Arc::new(make()?)));
        return Ok(Arc::new(router));
    }
    let sandbox = make().context("cannot set up instances");
    let hint = "`oos doctor` finds out more.";
    Ok(Arc::new(
        sandbox.map_err(|error| Failure::internal(error).hinted(hint))?,
    ))
}

/// What it takes to say something to an execution: everything but the cloud, whose folders are
/// touched by those who work only. So one person can answer what another one works on.
#[derive(Debug)]
pub(super) struct Messenger {
    runtime: Runtime,
    runner: Runner,
}

impl Messenger {
    /// Opens the data directory.
    pub(super) fn open(settings: &Settings) -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let store = open_store(settings)?;
        let http = HttpProvider::new(HttpLimits::default()).map_err(Failure::internal)?;
        let runner = Runner::new(parts(settings, &runtime, &store, Arc::new(http)));
        Ok(Self { runtime, runner })
    }

    /// Returns the runner.
    pub(super) fn runner(&self) -> &Runner {
        &self.runner
    }

    /// Runs work to its end.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

fn parts(
    settings: &Settings,
    runtime: &Runtime,
    store: &Arc<SqliteStore>,
    provider: Arc<dyn Provider>,
) -> Parts {
    Parts {
        library: library(settings, store.clone(), runtime.handle().clone()),
        store: store.clone(),
        provider,
        clock: Arc::new(SystemClock),
        identity: Identity {
            user: environment::user_name(),
            account: settings.account.clone(),
            region: settings.region.clone(),
            inventory: record(settings),
        },
    }
}

/// Opens the store of the data directory.
pub(super) fn open_store(settings: &Settings) -> Result<Arc<SqliteStore>, Failure> {
    let now = Arc::new(|| SystemClock.now());
    Ok(Arc::new(SqliteStore::open(&settings.data_dir, now)?))
}

/// Returns where templates are found: library folders, kept templates, embedded ones.
pub(super) fn library(settings: &Settings, store: Arc<SqliteStore>, runtime: Handle) -> Library {
    let kept = KeptTemplates { store, runtime };
    Library::new(settings.libraries.clone(), Some(Arc::new(kept)))
}

/// Returns the folder of instances and images in a data directory.
pub(super) fn sandbox_folder(data_dir: &Path) -> std::path::PathBuf {
    data_dir.join(SANDBOX_FOLDER)
}

/// Returns the file of this program.
pub(super) fn executable() -> Result<std::path::PathBuf, Failure> {
    std::env::current_exe()
        .context("cannot find the file of this program")
        .map_err(Failure::internal)
}

/// The user's own templates as the library sees them.
#[derive(Debug)]
struct KeptTemplates {
    store: Arc<SqliteStore>,
    runtime: Handle,
}

impl KeptTemplates {
    /// Waits for the store from code that is not async. Look-ups happen inside of the runtime as
    /// well as outside; a thread of its own may wait in both cases.
    fn wait<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| self.runtime.block_on(work));
            worker.join().expect("the store does not panic")
        })
    }
}

impl TemplateSource for KeptTemplates {
    fn find(&self, name: &str, version: Option<&str>) -> Result<Option<Found>, LookupError> {
        let found = self
            .wait(self.store.template(name, version))
            .map_err(|error| LookupError {
                name: name.to_owned(),
                reason: error.to_string(),
            })?;
        Ok(found.map(|(entry, text)| Found {
            source: Source::new(&entry.template_name, text),
            name: entry.template_name,
            version: Some(entry.template_version),
        }))
    }

    fn names(&self) -> Result<Vec<String>, LookupError> {
        let entries = self
            .wait(self.store.templates())
            .map_err(|error| LookupError {
                name: "*".to_owned(),
                reason: error.to_string(),
            })?;
        Ok(entries
            .into_iter()
            .map(|entry| entry.template_name)
            .collect())
    }
}
