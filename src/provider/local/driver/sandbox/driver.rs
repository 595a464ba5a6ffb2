//! The sandbox as a [`Driver`]: moves blocking work off the runtime and waits for news.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use crate::base::digest::Digest;
use crate::provider::local::driver::{
    Command, CommandEnd, Driver, DriverError, FileSpec, InstanceSpec, KillReport, Layer, Offsets,
    Progress,
};

use super::control::system;
use super::ids::Ids;
use super::instance::Instance;
use super::launch::Launcher;
use super::layer::Layers;
use super::layout::Layout;
use super::unpack::Limits;

/// How long a command may take to end when it is killed; its shepherd gives up after 10 s.
const KILL_PATIENCE: Duration = Duration::from_secs(20);

/// Bounds of the growing pause between two looks at a command: the end of a short one is seen at
/// once, and ten thousand long ones cost little.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// How many commands are looked at or started at the same time: each takes a few open files, of
/// which a process may have few.
const LOOKS: usize = 6;

/// Runs instances in Linux namespaces.
///
/// Its futures are not cancel-safe: what they began goes on, and the same call may be made again.
#[derive(Clone, Debug)]
pub struct Sandbox {
    layers: Layers,
    looks: Arc<Semaphore>,
}

impl Sandbox {
    /// Makes the driver over the state folder `root`, which belongs to it alone. `executable` is
    /// the `oos` file, which is started again as its own helper and calls [`entry`](super::entry)
    /// first thing.
    pub fn new(root: PathBuf, executable: PathBuf) -> Result<Self, DriverError> {
        let ids = Ids::of_this_process().map_err(system("looking up ids"))?;
        let step = format!("making the state folder `{}`", root.display());
        let layout = Layout::new(root);
        layout.prepare(ids).map_err(system(step))?;
        Ok(Self {
            layers: Layers {
                layout,
                launcher: Launcher { executable, ids },
                limits: Limits::default(),
            },
            looks: Arc::new(Semaphore::new(LOOKS)),
        })
    }

    /// Sets what archives may grow to.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.layers.limits = limits;
        self
    }

    /// Runs `work` on an instance on a thread that may block.
    async fn with<T: Send + 'static>(
        &self,
        id: &str,
        work: impl FnOnce(&Instance) -> Result<T, DriverError> + Send + 'static,
    ) -> Result<T, DriverError> {
        let id = id.to_owned();
        self.block(move |layers| work(&Instance::find(layers, &id)?))
            .await
    }

    async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce(Layers) -> Result<T, DriverError> + Send + 'static,
    ) -> Result<T, DriverError> {
        let layers = self.layers.clone();
        tokio::task::spawn_blocking(move || work(layers))
            .await
            .map_err(system("running blocking work"))?
    }

    /// Runs short work on a command in turn with that of others.
    async fn with_turn<T: Send + 'static>(
        &self,
        id: &str,
        work: impl FnOnce(&Instance) -> Result<T, DriverError> + Send + 'static,
    ) -> Result<T, DriverError> {
        let turn = self.looks.acquire().await;
        let _turn = turn.expect("the semaphore is never closed");
        self.with(id, work).await
    }

    /// Looks at a command again and again until `ready` likes what it sees or `wait` is over.
    async fn look<T: Send + 'static>(
        &self,
        instance: &str,
        invocation: &str,
        wait: Duration,
        look: impl Fn(&Instance, &str) -> Result<T, DriverError> + Clone + Send + 'static,
        ready: impl Fn(&T) -> bool + Send,
    ) -> Result<T, DriverError> {
        let until = Instant::now() + wait;
        let mut pause = SHORTEST_PAUSE;
        loop {
            let (look, name) = (look.clone(), invocation.to_owned());
            let seen = self
                .with_turn(instance, move |instance| look(instance, &name))
                .await?;
            if ready(&seen) || Instant::now() >= until {
                return Ok(seen);
            }
            sleep_until(until.min(Instant::now() + pause)).await;
            pause = LONGEST_PAUSE.min(pause * 3 / 2);
        }
    }
}

#[async_trait]
impl Driver for Sandbox {
    async fn create(&self, spec: &InstanceSpec) -> Result<(), DriverError> {
        let spec = spec.clone();
        self.block(move |layers| Instance::create(&layers, &spec))
            .await
    }

    async fn start(&self, instance: &str) -> Result<(), DriverError> {
        self.with(instance, Instance::start).await
    }

    async fn stop(&self, instance: &str, grace: Duration) -> Result<(), DriverError> {
        self.with(instance, move |instance| instance.stop(grace))
            .await
    }

    async fn delete(&self, instance: &str) -> Result<(), DriverError> {
        let id = instance.to_owned();
        self.block(move |layers| match Instance::find(layers.clone(), &id) {
            Ok(instance) => instance.delete(),
            Err(DriverError::NotFound { .. }) => Instance::remove_rest(&layers, &id),
            Err(error) => Err(error),
        })
        .await
    }

    async fn is_running(&self, instance: &str) -> Result<bool, DriverError> {
        self.with(instance, Instance::is_running).await
    }

    async fn invoke(
        &self,
        instance: &str,
        invocation: &str,
        command: &Command,
    ) -> Result<(), DriverError> {
        let (invocation, command) = (invocation.to_owned(), command.clone());
        self.with_turn(instance, move |instance| {
            instance.invoke(&invocation, command)
        })
        .await
    }

    async fn poll(
        &self,
        instance: &str,
        invocation: &str,
        _user: Option<&str>,
        offsets: Offsets,
        limit: usize,
        wait: Duration,
    ) -> Result<Progress, DriverError> {
        self.look(
            instance,
            invocation,
            wait,
            move |instance, name| instance.progress(name, offsets, limit),
            |progress| progress.end.is_some() || !progress.output.is_empty(),
        )
        .await
    }

    async fn kill(
        &self,
        instance: &str,
        invocation: &str,
        _user: Option<&str>,
    ) -> Result<KillReport, DriverError> {
        let name = invocation.to_owned();
        let running = self
            .with(instance, move |instance| {
                match instance.invocation(&name)?.end()? {
                    // Lost may mean that its shepherd is and it is not.
                    None | Some(CommandEnd::Lost) => instance.end(&name),
                    Some(_) => Ok(()),
                }
            })
            .await;
        running?;
        let end = self
            .look(
                instance,
                invocation,
                KILL_PATIENCE,
                |instance, name| instance.invocation(name)?.end(),
                Option::is_some,
            )
            .await?;
        match end {
            Some(
                CommandEnd::Killed(report)
                | CommandEnd::TimedOut(report)
                | CommandEnd::Unwatched(report)
                | CommandEnd::Flooded(report),
            ) => Ok(report),
            Some(CommandEnd::Exited { .. } | CommandEnd::Lost) => Ok(KillReport::default()),
            None => {
                let name = invocation.to_owned();
                let survivors = self
                    .with(instance, move |instance| instance.survivors(&name))
                    .await?;
                Err(DriverError::StillRunning {
                    id: invocation.to_owned(),
                    patience: KILL_PATIENCE,
                    survivors,
                })
            }
        }
    }

    async fn acknowledge(&self, instance: &str, invocation: &str) -> Result<(), DriverError> {
        let invocation = invocation.to_owned();
        self.with(instance, move |instance| instance.acknowledge(&invocation))
            .await
    }

    async fn write_file(&self, instance: &str, file: &FileSpec) -> Result<(), DriverError> {
        let file = file.clone();
        self.with(instance, move |instance| instance.write_file(&file))
            .await
    }

    async fn commit(&self, instance: &str) -> Result<Layer, DriverError> {
        self.with(instance, Instance::commit).await
    }

    async fn restore(&self, instance: &str, layers: &[Layer]) -> Result<(), DriverError> {
        let layers = layers.to_vec();
        self.with(instance, move |instance| instance.restore(&layers))
            .await
    }

    async fn import(&self, archive: &std::path::Path) -> Result<Layer, DriverError> {
        let archive = archive.to_owned();
        self.block(move |layers| layers.import(&archive)).await
    }

    async fn remove_layer(&self, layer: &Digest) -> Result<(), DriverError> {
        let layer = layer.clone();
        self.block(move |layers| layers.remove(&layer)).await
    }
}
