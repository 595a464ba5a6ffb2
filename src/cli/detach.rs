//! Goes on with an execution in a process of its own.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::base::id::ExecutionId;
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};

/// The folder in the data directory for what detached processes print.
const FOLDER: &str = "detached";

/// Starts `oos resume` for the execution in the background and prints the id.
pub(super) fn detach(id: &ExecutionId, no_wait: bool, session: &mut Session) -> Outcome {
    let settings = &session.settings;
    let log = log_file(&settings.data_dir, id).map_err(Failure::internal)?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("--data-dir")
        .arg(&settings.data_dir)
        .args(["--profile", &settings.profile, "resume", "--detached"])
        .args(no_wait.then_some("--no-wait"))
        .arg(id.as_str());
    if let Some(config) = &settings.config {
        command.arg("--config").arg(config);
    }
    command.args(["--language", settings.language.tag()]);
    if let Some(path) = &settings.passphrase_file {
        command.arg("--passphrase-file").arg(path);
    }
    // Any other inventory is recorded with the execution.
    if settings.inventory_named {
        for source in &settings.inventories {
            command.arg("--inventory").arg(source);
        }
        let age = format!("{}s", settings.inventory_max_age.as_secs());
        command.args(["--inventory-max-age", &age]);
        command.args(settings.inventory_stale.then_some("--inventory-stale"));
    }
    for calendar in &settings.calendars {
        command.arg("--calendar").arg(calendar);
    }
    for library in &settings.libraries {
        command.arg("--library").arg(library);
    }
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("the background process cannot be started")
        .map_err(|error| Failure::internal(error).hinted(format!("Go on with: oos resume {id}")))?;
    match session.output.format() {
        Format::Text => session.output.line(id)?,
        Format::Json | Format::Yaml => {
            session
                .output
                .document(&serde_json::json!({ "ExecutionId": id }))?;
        }
    }
    session.output.note(format_args!(
        "The work goes on in the background.\n  oos show {id}\n  oos logs {id} --follow"
    ));
    Ok(Exit::Success)
}

fn log_file(data_dir: &Path, id: &ExecutionId) -> anyhow::Result<File> {
    let folder = data_dir.join(FOLDER);
    let path = folder.join(format!("{id}.log"));
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .and_then(|()| {
            File::options()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&path)
        })
        .with_context(|| format!("cannot write `{}`", path.display()))
}
