//! The driver: finds the host, keeps what this process knows of its commands, says what is acknowledged.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::base::digest::Digest;
use crate::provider::inventory::{Host, Inventory};
use crate::provider::local::driver::ssh::attempt::Attempt;
use crate::provider::local::driver::ssh::ending::KILL_PATIENCE;
use crate::provider::local::driver::ssh::fault;
use crate::provider::local::driver::ssh::line::{Heard, Line};
use crate::provider::local::driver::ssh::shell::Shells;
use crate::provider::local::driver::{
    Command, CommandEnd, Driver, DriverError, FileSpec, InstanceSpec, KillReport, Layer, Offsets,
    Progress,
};
use crate::provider::ssh::supervisor::TAKEN;
use crate::provider::ssh::{Connector, FileToSend, Secrets};

/// How long the first look at a command takes that another process started: the host has to answer.
const FIRST_LOOK: Duration = Duration::from_millis(300);

/// How long a host may take to forget a command.
const FORGET: Duration = Duration::from_secs(10);

/// How long the end of the process waits for hosts that are forgetting.
const LAST_WAIT: Duration = Duration::from_secs(2);

type Attempts = HashMap<(String, String), Arc<AsyncMutex<Attempt>>>;

/// Runs commands on the hosts of an inventory.
///
/// Its futures are cancel-safe but for those that change files.
pub struct Hosts {
    inventory: Arc<Inventory>,
    shells: Shells,
    attempts: Mutex<Attempts>,
    /// Channels on which hosts are told to forget.
    farewells: Mutex<JoinSet<()>>,
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosts").finish_non_exhaustive()
    }
}

impl Hosts {
    /// Makes the driver for the hosts of `inventory`.
    pub fn new(inventory: Arc<Inventory>, connector: Connector, secrets: Arc<dyn Secrets>) -> Self {
        Self {
            inventory,
            shells: Shells { connector, secrets },
            attempts: Mutex::default(),
            farewells: Mutex::default(),
        }
    }

    /// Tells whether an instance is a host.
    pub fn knows(&self, instance: &str) -> bool {
        self.inventory.host(instance).is_some()
    }

    /// Ends connections from now on as soon as they are not used: each host is asked once.
    pub fn keep_no_connections(&self) {
        self.shells.connector.keep_none();
    }

    /// Waits a moment for hosts that are being told to forget what ended: before the process does.
    pub async fn settle(&self) {
        let mut farewells = std::mem::take(&mut *lock(&self.farewells));
        let all = async { while farewells.join_next().await.is_some() {} };
        if timeout(LAST_WAIT, all).await.is_err() {
            tracing::debug!("hosts that forget slowly are left to their own cleaning");
        }
    }

    /// Returns what opens shells.
    pub(super) fn shells(&self) -> &Shells {
        &self.shells
    }

    fn host(&self, instance: &str) -> Result<Arc<Host>, DriverError> {
        let host = self.inventory.host(instance).cloned();
        host.ok_or_else(|| DriverError::NotFound {
            kind: "instance",
            id: instance.to_owned(),
        })
    }

    /// Returns what is known of a command, which may be nothing yet: then it is made.
    fn attempt(
        &self,
        instance: &str,
        invocation: &str,
        make: impl FnOnce(Arc<Host>) -> Attempt,
    ) -> Result<Arc<AsyncMutex<Attempt>>, DriverError> {
        let host = self.host(instance)?;
        let key = (instance.to_owned(), invocation.to_owned());
        let mut attempts = lock(&self.attempts);
        let attempt = attempts
            .entry(key)
            .or_insert_with(|| Arc::new(AsyncMutex::new(make(host))));
        Ok(attempt.clone())
    }

    fn forget(&self, instance: &str, invocation: &str) -> Option<Arc<AsyncMutex<Attempt>>> {
        lock(&self.attempts).remove(&(instance.to_owned(), invocation.to_owned()))
    }
}

/// Refuses what needs a shell on the host, and to start anew what may have been started.
fn allow_plain(host: &Host, command: &Command) -> Result<(), DriverError> {
    let wants_shell = command.directory.is_some()
        || command.user.is_some()
        || host.endpoint.elevation.is_some()
        || command
            .argv
            .first()
            .is_none_or(|program| program != "/bin/sh");
    if wants_shell {
        return Err(DriverError::Invalid {
            reason: format!(
                "a plain command on `{}` is one line for the host itself: it has no working folder, \
                 no other user and no interpreter",
                host.name
            ),
        });
    }
    match command.age {
        None => Ok(()),
        Some(_) => Err(DriverError::Unknown {
            reason: format!(
                "the process died while a plain command ran on `{}`",
                host.name
            ),
        }),
    }
}

/// Returns the id under which a host claims a command. Hosts may share a home, and one call may start the
/// same command on several: each is a command of its own.
fn claim(invocation: &str, host: &Host) -> String {
    let digest = Digest::of(host.name.as_bytes()).to_string();
    let letters = digest.rsplit(':').next().unwrap_or_default();
    format!("{invocation}-{}", &letters[..8])
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells a host that the end is recorded, and waits until it has let go.
async fn say_taken(mut line: Line) {
    line.command.write(TAKEN.as_bytes());
    let over = async {
        let deadline = Instant::now() + FORGET;
        while let Ok(Heard::Said(_) | Heard::Output(..)) = line.hear(deadline).await {}
    };
    over.await;
}

#[async_trait]
impl Driver for Hosts {
    async fn create(&self, spec: &InstanceSpec) -> Result<(), DriverError> {
        Err(fault::not_for_hosts(&spec.id, "making"))
    }

    async fn start(&self, instance: &str) -> Result<(), DriverError> {
        Err(fault::not_for_hosts(instance, "starting"))
    }

    async fn stop(&self, instance: &str, _grace: Duration) -> Result<(), DriverError> {
        Err(fault::not_for_hosts(instance, "stopping"))
    }

    async fn delete(&self, instance: &str) -> Result<(), DriverError> {
        Err(fault::not_for_hosts(instance, "deleting"))
    }

    /// Hosts are taken to run: whether one does is found out by asking it for something.
    async fn is_running(&self, instance: &str) -> Result<bool, DriverError> {
        self.host(instance).map(|_| true)
    }

    async fn invoke(
        &self,
        instance: &str,
        invocation: &str,
        command: &Command,
    ) -> Result<(), DriverError> {
        if command.plain {
            allow_plain(&*self.host(instance)?, command)?;
        }
        let attempt = self.attempt(instance, invocation, |host| {
            let claim = claim(invocation, &host);
            Attempt::to_start(host, &claim, command.clone())
        })?;
        let mut attempt = attempt.lock().await;
        let deadline = Instant::now() + Duration::from_hours(1);
        while !attempt.is_started() && attempt.news(Offsets::default(), 0).is_none() {
            if let Err(error) = attempt.advance(&self.shells, deadline).await {
                self.forget(instance, invocation);
                return Err(error);
            }
        }
        Ok(())
    }

    async fn poll(
        &self,
        instance: &str,
        invocation: &str,
        user: Option<&str>,
        offsets: Offsets,
        limit: usize,
        wait: Duration,
    ) -> Result<Progress, DriverError> {
        let attempt = self.attempt(instance, invocation, |host| {
            let claim = claim(invocation, &host);
            Attempt::to_hear(host, &claim, user.map(str::to_owned))
        })?;
        let mut attempt = attempt.lock().await;
        let is_first = attempt.read_from(offsets);
        let wait = if is_first { wait.max(FIRST_LOOK) } else { wait };
        let deadline = Instant::now() + wait;
        loop {
            if let Some(progress) = attempt.news(offsets, limit) {
                return Ok(progress);
            }
            if let Err(error) = attempt.advance(&self.shells, deadline).await {
                self.forget(instance, invocation);
                return Err(error);
            }
            if Instant::now() >= deadline && attempt.news(offsets, limit).is_none() {
                return Ok(Progress {
                    output: Vec::new(),
                    end: None,
                    ended_at: None,
                });
            }
        }
    }

    async fn kill(
        &self,
        instance: &str,
        invocation: &str,
        user: Option<&str>,
    ) -> Result<KillReport, DriverError> {
        let host = self.host(instance)?;
        let known = lock(&self.attempts)
            .get(&(instance.to_owned(), invocation.to_owned()))
            .cloned();
        if let Some(attempt) = known {
            let mut attempt = attempt.lock().await;
            if attempt.is_new() {
                self.forget(instance, invocation);
                return Err(DriverError::NotFound {
                    kind: "command",
                    id: invocation.to_owned(),
                });
            }
            if attempt.is_plain() {
                return Ok(attempt.close(CommandEnd::Killed));
            }
        }
        let claim = claim(invocation, &host);
        let report = self.shells.end(&host, user, &claim).await?;
        if report.survivors.is_empty() {
            return Ok(report);
        }
        Err(DriverError::StillRunning {
            id: invocation.to_owned(),
            patience: KILL_PATIENCE,
            survivors: report.survivors,
        })
    }

    async fn acknowledge(&self, instance: &str, invocation: &str) -> Result<(), DriverError> {
        if let Some(attempt) = self.forget(instance, invocation)
            && let Some(line) = attempt.lock().await.take_line()
        {
            let mut farewells = lock(&self.farewells);
            while farewells.try_join_next().is_some() {}
            farewells.spawn(say_taken(line));
        }
        Ok(())
    }

    async fn write_file(&self, instance: &str, file: &FileSpec) -> Result<(), DriverError> {
        let host = self.host(instance)?;
        let file = FileToSend {
            path: format!("{}/{}", file.directory.trim_end_matches('/'), file.name),
            content: file.content.clone().into(),
            mode: file.mode,
            overwrite: file.overwrite,
        };
        let connection = self.shells.connector.connect(&host.endpoint).await;
        let connection = connection.map_err(|error| fault::host(&error))?;
        // On a thread of its own: the compiler cannot see that the future may move between threads.
        let runtime = tokio::runtime::Handle::current();
        let work = move || runtime.block_on(connection.send_file(&file));
        let worked = tokio::task::spawn_blocking(work).await;
        let sent = worked.map_err(|error| DriverError::System {
            step: format!("sending a file to `{instance}`"),
            reason: error.to_string(),
        })?;
        sent.map_err(|error| fault::host(&error))
    }

    async fn commit(&self, instance: &str) -> Result<Layer, DriverError> {
        Err(fault::not_for_hosts(instance, "making an image"))
    }

    async fn restore(&self, instance: &str, _layers: &[Layer]) -> Result<(), DriverError> {
        Err(fault::not_for_hosts(instance, "resetting a disk"))
    }

    async fn import(&self, archive: &Path) -> Result<Layer, DriverError> {
        Err(fault::not_for_hosts(
            &archive.display().to_string(),
            "importing",
        ))
    }

    async fn remove_layer(&self, layer: &Digest) -> Result<(), DriverError> {
        Err(fault::not_for_hosts(&layer.to_string(), "removing a layer"))
    }
}
