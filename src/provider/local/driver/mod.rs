//! What an instance is made of. The API families speak to a [`Driver`] and never to the kernel.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::output::Channel;
use crate::base::time::Timestamp;
use crate::base::value::Value;

mod router;
pub mod sandbox;
pub mod ssh;

pub use router::Router;

/// Makes, starts and ends instances, runs commands in them and turns them into image layers.
///
/// An instance outlives the process that started it; every method finds it again by its id alone.
#[async_trait]
pub trait Driver: Send + Sync + fmt::Debug {
    /// Makes what an instance needs on disk. Succeeds if it is there already.
    async fn create(&self, spec: &InstanceSpec) -> Result<(), DriverError>;

    /// Starts the instance. Succeeds if it runs already.
    async fn start(&self, instance: &str) -> Result<(), DriverError>;

    /// Ends every process of the instance: politely within `grace`, then at once. What was written
    /// stays.
    async fn stop(&self, instance: &str, grace: Duration) -> Result<(), DriverError>;

    /// Ends the instance and removes everything of it. Succeeds if it is gone already.
    async fn delete(&self, instance: &str) -> Result<(), DriverError>;

    /// Tells whether the instance runs now, by looking.
    async fn is_running(&self, instance: &str) -> Result<bool, DriverError>;

    /// Starts a command under the id `invocation`, at most once whatever happens: a second call
    /// with the same id attaches to the first and starts nothing.
    async fn invoke(
        &self,
        instance: &str,
        invocation: &str,
        command: &Command,
    ) -> Result<(), DriverError>;

    /// Returns how far a command is, with output from byte `offset` on, at most `limit` bytes of
    /// each channel. With `wait`, returns as soon as there is news and at the latest after `wait`.
    /// `user` is who was to run it: what a host knows of a command lies in the home of its user.
    async fn poll(
        &self,
        instance: &str,
        invocation: &str,
        user: Option<&str>,
        offsets: Offsets,
        limit: usize,
        wait: Duration,
    ) -> Result<Progress, DriverError>;

    /// Ends a command and everything it started; returns what was ended and what survived. A
    /// command that is still there after a while is [`DriverError::StillRunning`]; where nobody knows
    /// whether it is, that is [`DriverError::Unknown`]. `user` is who was to run it.
    async fn kill(
        &self,
        instance: &str,
        invocation: &str,
        user: Option<&str>,
    ) -> Result<KillReport, DriverError>;

    /// Forgets a command that has ended: its output has been taken over.
    async fn acknowledge(&self, instance: &str, invocation: &str) -> Result<(), DriverError>;

    /// Writes a file inside the instance, whole or not at all.
    async fn write_file(&self, instance: &str, file: &FileSpec) -> Result<(), DriverError>;

    /// Stores what the instance has written over its image as a layer under the image folder and
    /// returns it.
    async fn commit(&self, instance: &str) -> Result<Layer, DriverError>;

    /// Replaces what the instance has written by the layer (a disk reset to a snapshot).
    async fn restore(&self, instance: &str, layers: &[Layer]) -> Result<(), DriverError>;

    /// Imports a root file system archive (`.tar`, `.tar.gz`, `.tar.zst`) as a layer.
    async fn import(&self, archive: &Path) -> Result<Layer, DriverError>;

    /// Removes a layer that no image uses any more.
    async fn remove_layer(&self, layer: &Digest) -> Result<(), DriverError>;
}

/// What an instance is made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InstanceSpec {
    /// The instance's id: letters, digits and hyphens.
    pub id: String,
    /// Its host name.
    pub hostname: String,
    /// The image's base.
    pub base: Base,
    /// The image's layers, lowest first.
    pub layers: Vec<Layer>,
}

/// What the lowest layer of an image stands on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Base {
    /// The built-in image `host`: the host's `/usr` read-only and a small `/etc` of its own.
    Host,
    /// Nothing: the layers hold a whole root file system.
    Empty,
}

/// One layer of an image: a tar.zst archive with OCI whiteouts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Layer {
    /// Digest of the compressed archive.
    pub digest: Digest,
    /// Digest of the archive before compression.
    pub diff_id: Digest,
    /// Size of the compressed archive in bytes.
    pub size: u64,
}

/// A command to run in an instance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Command {
    /// Program and arguments; no shell unless it is named here.
    pub argv: Vec<String>,
    /// A script that is stored in a private file; `{script}` in `argv` stands for its path.
    pub script: Option<String>,
    /// The whole environment, but for what a driver adds under names that begin with `OOS_`.
    pub environment: BTreeMap<String, String>,
    /// Where it runs; the user's home when not given.
    pub directory: Option<String>,
    /// The user inside the instance; root when not given.
    pub user: Option<String>,
    /// When it is ended, counted from its start.
    pub timeout: Duration,
    /// Whether nothing on a host is to watch over it, for hosts without a shell; of no effect
    /// elsewhere.
    #[serde(default)]
    pub plain: bool,
    /// For how long an earlier process may have had it running, if one may have.
    #[serde(default)]
    pub age: Option<Duration>,
}

/// How many bytes of each channel a reader already has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Offsets {
    /// Of standard output.
    pub stdout: u64,
    /// Of standard error.
    pub stderr: u64,
}

/// How far a command is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    /// New output, in order of channel.
    pub output: Vec<(Channel, u64, Vec<u8>)>,
    /// How it ended; `None` while it runs. Set only when `output` holds the rest.
    pub end: Option<CommandEnd>,
    /// When that was, if the driver knows.
    pub ended_at: Option<Timestamp>,
}

/// How a command ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CommandEnd {
    /// By itself.
    Exited {
        /// The exit code; 128 and the signal's number if a signal ended it.
        code: i32,
    },
    /// It ran out of time and was ended.
    TimedOut(KillReport),
    /// It was ended from outside.
    Killed(KillReport),
    /// What watched over it inside the instance was killed; what could be found of it was ended.
    Unwatched(KillReport),
    /// It said more than is kept for it and was ended.
    Flooded(KillReport),
    /// The instance ended under it.
    Lost,
}

/// What ending a process tree came to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct KillReport {
    /// How many processes were ended.
    pub ended: u32,
    /// The first [`NAMED`](Self::NAMED) of them, as `pid name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Those that are still there, as `pid name`.
    pub survivors: Vec<String>,
}

impl KillReport {
    /// How many ended processes are named at most: a fork bomb has thousands.
    pub const NAMED: usize = 20;
}

/// A file to write inside an instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileSpec {
    /// The folder.
    pub directory: String,
    /// The name inside it; no slash.
    pub name: String,
    /// Its content.
    pub content: Vec<u8>,
    /// Permission bits, such as 0o644.
    pub mode: u32,
    /// Owner inside the instance.
    pub owner: String,
    /// Group inside the instance.
    pub group: String,
    /// Whether an existing file is replaced.
    pub overwrite: bool,
}

/// Why a driver could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// This machine cannot hold instances.
    #[error("this machine cannot run sandboxed instances: {step} failed: {reason}")]
    Unsupported {
        /// The step that was tried.
        step: String,
        /// What the system said.
        reason: String,
        /// What would make it work.
        remedy: String,
    },
    /// There is no such instance, command, layer or user.
    #[error("there is no {kind} `{id}`")]
    NotFound {
        /// What.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// The instance does not run.
    #[error("instance `{id}` is not running")]
    NotRunning {
        /// Which.
        id: String,
    },
    /// A command that was to be ended is still there.
    #[error("command `{id}` has not ended after {patience:?}, these survived: {}", survivors.join(", "))]
    StillRunning {
        /// Which.
        id: String,
        /// How long was waited.
        patience: Duration,
        /// What is there of it, as `pid name`.
        survivors: Vec<String>,
    },
    /// What was asked for is not acceptable.
    #[error("{reason}")]
    Invalid {
        /// Why, in words.
        reason: String,
    },
    /// A host cannot be used; nothing was started on it.
    #[error("{reason}")]
    Host {
        /// The error code, which names the class of failure.
        code: &'static str,
        /// Why, in words.
        reason: String,
    },
    /// Nobody knows what became of a command.
    #[error("{reason}")]
    Unknown {
        /// Why, in words.
        reason: String,
    },
    /// Something of the system failed.
    #[error("{step}: {reason}")]
    System {
        /// What was tried.
        step: String,
        /// What the system said.
        reason: String,
    },
}

/// What `oos doctor` found out about one ability.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Finding {
    /// What was tried.
    pub step: String,
    /// Whether it worked.
    pub works: bool,
    /// What was seen, in words.
    pub detail: String,
    /// What would make it work.
    pub remedy: Option<String>,
    /// More, for machines.
    pub data: Value,
}
