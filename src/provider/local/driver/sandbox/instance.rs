//! One instance: its folder and what is done with it. Blocks; the driver keeps it off the runtime.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use serde::de::DeserializeOwned;

use crate::provider::local::driver::{
    Command, CommandEnd, DriverError, FileSpec, InstanceSpec, Layer, Offsets, Progress,
};

use super::control::{self, system};
use super::invocation::{self, Invocation};
use super::launch::log_file;
use super::layer::{Layers, open_to_all};
use super::layout;
use super::process;
use super::skeleton;
use super::wire::{Errand, Request, Start, WriteFile};

/// How long the kernel may take to end an instance that was killed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Most layers of an image: the kernel takes a page of mount options.
const MOST_LAYERS: usize = 40;

/// An instance's folder and what is around it.
#[derive(Debug)]
pub(super) struct Instance {
    id: String,
    folder: PathBuf,
    layers: Layers,
}

impl Instance {
    /// Makes what an instance needs on disk. What is there already is kept.
    pub(super) fn create(layers: &Layers, spec: &InstanceSpec) -> Result<(), DriverError> {
        if spec.layers.len() > MOST_LAYERS {
            return Err(DriverError::Invalid {
                reason: format!("an image may have {MOST_LAYERS} layers at most"),
            });
        }
        let folder = layers.layout.instance(&spec.id)?;
        for layer in &spec.layers {
            layers.unpacked(layer)?;
        }
        let making = || system::<io::Error>(format!("making instance `{}`", spec.id));
        let ids = layers.launcher.ids;
        layout::make_private(&folder, ids).map_err(making())?;
        for name in [
            layout::UPPER,
            layout::WORK,
            layout::ROOT,
            layout::INVOCATIONS,
        ] {
            layout::make_private(&folder.join(name), ids).map_err(making())?;
        }
        open_to_all(&folder.join(layout::UPPER)).map_err(making())?;
        for name in [layout::ALIVE, layout::EXECUTABLE, layout::LOCK] {
            let path = folder.join(name);
            let file = private_file().append(true).open(&path);
            file.map_err(making())?;
            ids.give(&path).map_err(making())?;
        }
        // Last, by a rename: the instance is there once its specification is.
        let text = serde_json::to_vec(spec).map_err(making_json(&spec.id))?;
        let draft = folder.join(".spec");
        let written = private_file().write(true).truncate(true).open(&draft);
        written
            .and_then(|mut file| file.write_all(&text))
            .map_err(making())?;
        fs::rename(draft, folder.join(layout::SPEC)).map_err(making())
    }

    /// Finds an instance.
    pub(super) fn find(layers: Layers, id: &str) -> Result<Self, DriverError> {
        let folder = layers.layout.instance(id)?;
        if !folder.join(layout::SPEC).exists() {
            return Err(DriverError::NotFound {
                kind: "instance",
                id: id.to_owned(),
            });
        }
        Ok(Self {
            id: id.to_owned(),
            folder,
            layers,
        })
    }

    fn spec(&self) -> Result<InstanceSpec, DriverError> {
        let step = format!("reading instance `{}`", self.id);
        let text = fs::read(self.folder.join(layout::SPEC)).map_err(system(step.as_str()))?;
        serde_json::from_slice(&text).map_err(system(step))
    }

    /// Keeps others from starting, stopping or changing the instance until the result is dropped.
    fn lock(&self) -> Result<File, DriverError> {
        let step = "locking the instance";
        let file = File::open(self.folder.join(layout::LOCK)).map_err(system(step))?;
        flock(&file, FlockOperation::LockExclusive).map_err(system(step))?;
        Ok(file)
    }

    pub(super) fn is_running(&self) -> Result<bool, DriverError> {
        control::is_running(&self.folder).map_err(system("looking whether the instance runs"))
    }

    pub(super) fn start(&self) -> Result<(), DriverError> {
        let _lock = self.lock()?;
        if self.is_running()? {
            return Ok(());
        }
        let spec = self.spec()?;
        let preparing = || system::<io::Error>(format!("starting instance `{}`", self.id));
        // The lock goes before the last of its processes; two must not share an overlay.
        self.await_end()?;
        skeleton::write(&self.folder, &spec, self.layers.launcher.ids).map_err(preparing())?;
        let listener = control::listen(&self.folder).map_err(preparing())?;
        let log = log_file(&self.folder.join(layout::LOG)).map_err(preparing())?;
        let start = Start {
            hostname: spec.hostname.clone(),
            base: spec.base,
            layers: layer_folders(&spec),
        };
        self.layers.launcher.run::<Start, ()>(
            &self.folder,
            &Errand::Start {
                seal: self.layers.launcher.ids.is_same_user(),
            },
            Stdio::from(OwnedFd::from(listener)),
            log,
            Some(&start),
        )?;
        Ok(())
    }

    pub(super) fn stop(&self, grace: Duration) -> Result<(), DriverError> {
        let _lock = self.lock()?;
        if self.is_running()? && !grace.is_zero() {
            let request = Request::Quiesce {
                grace_milliseconds: u64::try_from(grace.as_millis()).unwrap_or(u64::MAX),
            };
            // An instance that does not answer is ended all the same.
            if let Err(error) =
                control::request::<()>(&self.id, &self.folder, &request, &[], Some(grace))
            {
                tracing::debug!(instance = self.id, %error, "instance did not end politely");
            }
        }
        if let Some(process) = self.first_process()? {
            process::kill(&process).map_err(system("ending the instance"))?;
        }
        self.await_end()
    }

    fn first_process(&self) -> Result<Option<OwnedFd>, DriverError> {
        control::first_process(&self.folder).map_err(system("looking for the instance's pid 1"))
    }

    /// Waits until the kernel has ended all processes of an instance whose pid 1 is ending.
    fn await_end(&self) -> Result<(), DriverError> {
        let Some(process) = self.first_process()? else {
            return Ok(());
        };
        let step = "waiting for the instance's end";
        if process::await_end(&process, PATIENCE).map_err(system(step))? {
            return Ok(());
        }
        Err(DriverError::System {
            step: step.to_owned(),
            reason: format!("its pid 1 is still there after {PATIENCE:?}"),
        })
    }

    /// Ends the instance and removes everything of it.
    pub(super) fn delete(&self) -> Result<(), DriverError> {
        self.stop(Duration::ZERO)?;
        // From here on there is no such instance, whatever happens to the rest.
        fs::remove_file(self.folder.join(layout::SPEC)).map_err(system("deleting the instance"))?;
        Self::remove_rest(&self.layers, &self.id)
    }

    /// Removes what may be left of an instance whose removal was interrupted.
    pub(super) fn remove_rest(layers: &Layers, id: &str) -> Result<(), DriverError> {
        layers.remove_tree(&layers.layout.instance(id)?)
    }

    pub(super) fn invoke(&self, invocation: &str, command: Command) -> Result<(), DriverError> {
        let known = Invocation::open(&self.folder, invocation)?.is_some()
            || invocation::is_forgotten(&self.folder, invocation)?;
        if known {
            return Ok(());
        }
        self.request(
            &Request::Invoke {
                invocation: invocation.to_owned(),
                command,
            },
            &[],
        )
    }

    /// Returns how far a command is.
    pub(super) fn progress(
        &self,
        invocation: &str,
        from: Offsets,
        limit: usize,
    ) -> Result<Progress, DriverError> {
        let progress = self.invocation(invocation)?.progress(from, limit)?;
        if progress.end != Some(CommandEnd::Lost) {
            return Ok(progress);
        }
        self.end(invocation)?;
        self.invocation(invocation)?.progress(from, limit)
    }

    fn request<T: DeserializeOwned>(
        &self,
        request: &Request,
        content: &[u8],
    ) -> Result<T, DriverError> {
        if !self.is_running()? {
            return Err(DriverError::NotRunning {
                id: self.id.clone(),
            });
        }
        control::request(&self.id, &self.folder, request, content, None)
    }

    pub(super) fn invocation(&self, invocation: &str) -> Result<Invocation, DriverError> {
        Invocation::open(&self.folder, invocation)?.ok_or_else(|| DriverError::NotFound {
            kind: "command",
            id: invocation.to_owned(),
        })
    }

    /// Tells the instance to end a command. One whose shepherd was killed has ended when this
    /// returns.
    pub(super) fn end(&self, invocation: &str) -> Result<(), DriverError> {
        let request = Request::Kill {
            invocation: invocation.to_owned(),
        };
        match self.request(&request, &[]) {
            // Its pid 1 ended, and with it the command.
            Err(DriverError::NotRunning { .. }) => Ok(()),
            other => other,
        }
    }

    /// Returns what lives of a command, as `pid name`.
    pub(super) fn survivors(&self, invocation: &str) -> Result<Vec<String>, DriverError> {
        self.request(
            &Request::Survivors {
                invocation: invocation.to_owned(),
            },
            &[],
        )
    }

    pub(super) fn acknowledge(&self, invocation: &str) -> Result<(), DriverError> {
        if Invocation::open(&self.folder, invocation)?.is_none()
            && invocation::is_forgotten(&self.folder, invocation)?
        {
            return Ok(());
        }
        if self.invocation(invocation)?.end()?.is_none() {
            return Err(DriverError::Invalid {
                reason: format!("command `{invocation}` is still running"),
            });
        }
        invocation::forget(&self.folder, invocation)
    }

    pub(super) fn write_file(&self, file: &FileSpec) -> Result<(), DriverError> {
        let valid = !matches!(file.name.as_str(), "" | "." | "..")
            && !file.name.contains(['/', '\0'])
            && file.name.len() <= 255;
        if !valid {
            return Err(DriverError::Invalid {
                reason: format!("`{}` is not a file name", file.name.escape_debug()),
            });
        }
        let request = Request::Write(WriteFile {
            directory: file.directory.clone(),
            name: file.name.clone(),
            size: file.content.len() as u64,
            mode: file.mode,
            owner: file.owner.clone(),
            group: file.group.clone(),
            overwrite: file.overwrite,
        });
        self.request(&request, &file.content)
    }

    pub(super) fn commit(&self) -> Result<Layer, DriverError> {
        let _lock = self.lock()?;
        self.layers.pack(&self.folder.join(layout::UPPER))
    }

    pub(super) fn restore(&self, layers: &[Layer]) -> Result<(), DriverError> {
        let _lock = self.lock()?;
        if self.is_running()? {
            return Err(DriverError::Invalid {
                reason: format!("instance `{}` must be stopped to be reset", self.id),
            });
        }
        self.await_end()?;
        let spec = self.spec()?;
        skeleton::write(&self.folder, &spec, self.layers.launcher.ids)
            .map_err(system("resetting the instance"))?;
        let own = [layout::IDENTITY, layout::SKELETON].map(str::to_owned);
        let below: Vec<String> = own
            .into_iter()
            .chain(layer_folders(&spec))
            .map(|folder| format!("../{folder}"))
            .collect();
        let upper = self.folder.join(layout::UPPER);
        self.layers.empty(&upper)?;
        for layer in layers {
            self.layers
                .unpack_into(layer, &upper, Some(below.clone()))?;
        }
        Ok(())
    }
}

/// Returns how a file is made that nobody else can read.
fn private_file() -> fs::OpenOptions {
    let mut options = File::options();
    options.create(true).mode(0o600);
    options
}

/// Returns the folders of an instance's layers relative to its own, highest first.
fn layer_folders(spec: &InstanceSpec) -> Vec<String> {
    let digests = spec.layers.iter().rev().map(|layer| layer.digest.hex());
    digests.map(|hex| format!("../../layers/{hex}")).collect()
}

fn making_json(id: &str) -> impl FnOnce(serde_json::Error) -> DriverError {
    system(format!("making instance `{id}`"))
}
