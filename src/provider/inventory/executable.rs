//! Inventories that an executable prints, asked with `--list`.
//!
//! It is run as it is, without a shell, with no input and for a limited time; what it prints is
//! bounded. One that everybody may change is not run at all.

use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::provider::inventory::problem::Problem;
use crate::provider::inventory::tree::LARGEST;

/// The longest time that an executable may take: inventories of large clouds take half a minute.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// How much of what it says about errors is kept.
const SAID: usize = 4096;

/// The bit of a mode that lets everybody write.
const WORLD_WRITABLE: u32 = 0o002;

/// The bit of a folder's mode that keeps files in it to their owners.
const STICKY: u32 = 0o1000;

/// What an executable printed.
#[derive(Debug)]
pub(super) struct Printed {
    /// Its standard output.
    pub(super) output: Vec<u8>,
    /// The end of its standard error; empty if it had nothing to say.
    pub(super) said: String,
}

/// Tells whether a file is to be run: it is executable, and begins as programs do.
pub(super) fn is_executable(path: &Path) -> bool {
    let may_run = path
        .metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    let begins = || -> io::Result<bool> {
        let mut start = [0; 4];
        let mut file = std::fs::File::open(path)?;
        let length = io::Read::read(&mut file, &mut start)?;
        Ok(start[..length].starts_with(b"#!") || start == *b"\x7fELF")
    };
    may_run && begins().unwrap_or(false)
}

/// Returns what tells an executable from all others, and from itself before it was changed.
pub(super) fn identity(path: &Path) -> io::Result<String> {
    let path = path.canonicalize()?;
    let file = path.metadata()?;
    Ok(format!(
        "{} {} {}.{} {} {}",
        file.dev(),
        file.ino(),
        file.mtime(),
        file.mtime_nsec(),
        file.len(),
        path.display()
    ))
}

/// Runs an executable and returns what it printed.
pub(super) async fn run(path: &Path) -> Result<Printed, Problem> {
    run_within(path, TIME_LIMIT).await
}

async fn run_within(path: &Path, limit: Duration) -> Result<Printed, Problem> {
    let place = path.display().to_string();
    let wrong = |why: String| Problem::new(&place, why);
    let system = |error: io::Error| wrong(format!("cannot be run: {error}"));
    let path = path.canonicalize().map_err(system)?;
    refuse_writable(&path).map_err(|why| {
        wrong(why).hint(
            "take the permission away with `chmod o-w`; what it prints decides what is reached",
        )
    })?;
    let mut child = Command::new(&path)
        .arg("--list")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own, so that what it has started ends with it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(system)?;
    let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let (output, said) = tokio::join!(read(stdout, LARGEST), read_end(stderr));
        let output = output?;
        Ok::<_, io::Error>((output, said?, child.wait().await?))
    };
    let ended = tokio::time::timeout(limit, work).await;
    if !matches!(&ended, Ok(Ok(_)))
        && let Some(group) = group
        && let Err(error) = kill_process_group(group, Signal::KILL)
    {
        tracing::debug!(%error, "nothing is left of the inventory's executable");
    }
    match ended {
        Err(_) => Err(wrong(format!("did not end within {} s", limit.as_secs()))),
        Ok(Err(error)) => Err(wrong(format!("cannot be read: {error}"))),
        Ok(Ok((output, said, status))) if status.success() => Ok(Printed { output, said }),
        Ok(Ok((_, said, status))) => Err(wrong(format!("ended with {status}{}", quoted(&said)))),
    }
}

/// Returns what a program said, as part of a sentence.
fn quoted(said: &str) -> String {
    if said.is_empty() {
        String::new()
    } else {
        format!(": {said}")
    }
}

/// Says why nobody should run a file that others can change.
fn refuse_writable(path: &Path) -> Result<(), String> {
    let mode = |path: &Path| path.metadata().map(|file| file.mode());
    let fails = |error: io::Error| error.to_string();
    if mode(path).map_err(fails)? & WORLD_WRITABLE != 0 {
        return Err("is not run, because everybody may change it".to_owned());
    }
    let folder: PathBuf = path.parent().unwrap_or(Path::new("/")).to_owned();
    let folder_mode = mode(&folder).map_err(fails)?;
    if folder_mode & WORLD_WRITABLE != 0 && folder_mode & STICKY == 0 {
        return Err("is not run, because everybody may replace it in its folder".to_owned());
    }
    Ok(())
}

async fn read(source: Option<impl AsyncRead + Unpin>, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(source) = source {
        source.take(most as u64 + 1).read_to_end(&mut bytes).await?;
    }
    if bytes.len() > most {
        return Err(io::Error::other(format!(
            "it printed more than {most} bytes"
        )));
    }
    Ok(bytes)
}

/// Reads everything and keeps the end.
async fn read_end(source: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let mut kept = Vec::new();
    if let Some(mut source) = source {
        let mut piece = vec![0; SAID];
        loop {
            let length = source.read(&mut piece).await?;
            if length == 0 {
                break;
            }
            kept.extend_from_slice(&piece[..length]);
            if kept.len() > 2 * SAID {
                kept.drain(..kept.len() - SAID);
            }
        }
    }
    let start = kept.len().saturating_sub(SAID);
    Ok(String::from_utf8_lossy(&kept[start..]).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hosts");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[tokio::test]
    async fn an_executable_is_asked_for_its_list() {
        let (_folder, path) = script("#!/bin/sh\necho \"$@\"\necho careful >&2\n", 0o755);
        assert!(is_executable(&path));
        let printed = run(&path).await.unwrap();
        assert_eq!(printed.output, b"--list\n");
        assert_eq!(printed.said, "careful");
    }

    #[tokio::test]
    async fn what_everybody_may_change_is_not_run() {
        let (folder, path) = script("#!/bin/sh\ntouch ran\n", 0o777);
        let problem = run(&path).await.unwrap_err();
        assert!(problem.message.contains("everybody may change it"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let problem = run(&path).await.unwrap_err();
        assert!(problem.message.contains("replace it"));
        assert!(!folder.path().join("ran").exists());
    }

    #[tokio::test]
    async fn one_that_fails_or_does_not_end_says_so() {
        let (_folder, path) = script("#!/bin/sh\necho broken >&2\nexit 3\n", 0o755);
        let problem = run(&path).await.unwrap_err();
        assert!(
            problem.message.contains("exit status: 3: broken"),
            "{problem}"
        );
        let (_folder, path) = script("#!/bin/sh\nsleep 1000 & wait\n", 0o755);
        let problem = run_within(&path, Duration::from_millis(300))
            .await
            .unwrap_err();
        assert!(problem.message.contains("did not end"), "{problem}");
    }

    #[test]
    fn a_data_file_that_may_be_run_is_read() {
        let (_folder, path) = script("[web]\nweb1\n", 0o755);
        assert!(!is_executable(&path));
        let (_folder, path) = script("#!/bin/sh\n", 0o644);
        assert!(!is_executable(&path));
    }
}
