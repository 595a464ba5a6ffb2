//! The driver's side of starting a helper: our own executable again, in a user namespace.

use std::fs::File;
use std::io::BufReader;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::entry::{ARGUMENT, Role};
use super::failure::{Failure, Step};
use super::ids::Ids;
use super::wire::{self, Errand, Reply};

/// How long a helper may take to make its user namespace: it does nothing before.
const PATIENCE: Duration = Duration::from_secs(30);

/// How helpers are started.
#[derive(Clone, Debug)]
pub(super) struct Launcher {
    pub(super) executable: std::path::PathBuf,
    pub(super) ids: Ids,
}

impl Launcher {
    /// Runs an errand in `directory` as the instances' root and returns its answer. `subject` is
    /// the file the errand works on; `more` goes to whoever reads on from the helper's stream.
    pub(super) fn run<M: Serialize, T: DeserializeOwned>(
        &self,
        directory: &Path,
        errand: &Errand,
        subject: Stdio,
        log: Stdio,
        more: Option<&M>,
    ) -> Reply<T> {
        let launch = || Failure::at::<std::io::Error>(Step::Launch);
        let (ours, theirs) = UnixStream::pair().map_err(launch())?;
        ours.set_read_timeout(Some(PATIENCE)).map_err(launch())?;
        let mut child = Command::new(&self.executable)
            .arg(ARGUMENT)
            .arg(Role::Enter.as_str())
            .env_clear()
            .current_dir(directory)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(subject)
            .stderr(log)
            .spawn()
            .map_err(launch())?;
        let answer = self.converse(&ours, child.id(), errand, more);
        if answer.is_err() {
            // It may still wait for us; an ended one makes this a no-op.
            child.kill().map_err(launch())?;
        }
        child.wait().map_err(launch())?;
        answer
    }

    fn converse<M: Serialize, T: DeserializeOwned>(
        &self,
        stream: &UnixStream,
        pid: u32,
        errand: &Errand,
        more: Option<&M>,
    ) -> Reply<T> {
        let launch = || Failure::at::<std::io::Error>(Step::Launch);
        let mut reader = BufReader::new(stream.try_clone().map_err(launch())?);
        wire::receive::<Reply<()>>(&mut reader).map_err(launch())??;
        self.ids.map_into(pid).map_err(Failure::at(Step::MapIds))?;
        stream.set_read_timeout(None).map_err(launch())?;
        wire::send(stream, errand).map_err(launch())?;
        if let Some(more) = more {
            wire::send(stream, more).map_err(launch())?;
        }
        wire::receive::<Reply<T>>(&mut reader).map_err(launch())?
    }
}

/// Opens a file that helpers complain to; everything is lost that does not fit into its answer.
pub(super) fn log_file(path: &Path) -> std::io::Result<Stdio> {
    File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(Stdio::from)
}
