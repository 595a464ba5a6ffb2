//! The driver's side of a command: reads the spool, which the instance might have tampered with.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat};

use crate::base::output::Channel;
use crate::base::time::Timestamp;
use crate::provider::local::driver::{CommandEnd, DriverError, Offsets, Progress};

use super::control::{is_locked, system};
use super::layout::{INVOCATIONS, check_name};
use super::spool::{END, Ended, SHEPHERD, channel_name, exists, mark_name, open_inside};

/// Longest `end.json` that is read; survivors are listed in it.
const LONGEST_END: u64 = 1 << 20;

/// The spool folder of one command.
#[derive(Debug)]
pub(super) struct Invocation {
    folder: OwnedFd,
}

impl Invocation {
    /// Opens the command `id` of the instance in `instance`; `None` if it was never started there
    /// or is forgotten.
    pub(super) fn open(instance: &Path, id: &str) -> Result<Option<Self>, DriverError> {
        check_name("invocation id", id)?;
        let spool = open_spool(instance)?;
        match open_inside(&spool, id, OFlags::DIRECTORY) {
            Ok(folder) => Ok(Some(Self { folder })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(system("opening the command's folder")(error)),
        }
    }

    /// Returns new output and, once there is no more, the end.
    pub(super) fn progress(&self, from: Offsets, limit: usize) -> Result<Progress, DriverError> {
        // The end is read first: output that is there when it is written is seen below.
        let ended = self.ended()?;
        let sizes = ended.as_ref().map(|ended| (ended.stdout, ended.stderr));
        let mut progress = Progress {
            output: Vec::new(),
            end: None,
            ended_at: None,
        };
        let mut complete = true;
        for (channel, offset, size) in [
            (Channel::Stdout, from.stdout, sizes.map(|sizes| sizes.0)),
            (Channel::Stderr, from.stderr, sizes.map(|sizes| sizes.1)),
        ] {
            let until = size.unwrap_or(u64::MAX);
            let wanted = until.saturating_sub(offset).min(limit as u64);
            let bytes = self.read(channel, offset, wanted)?;
            // A file that was cut short from inside has no more to give.
            let last = (bytes.len() as u64) < wanted;
            complete &= last || offset + bytes.len() as u64 >= until;
            if !bytes.is_empty() {
                progress.output.push((channel, offset, bytes));
            }
        }
        if let Some(ended) = ended.filter(|_| complete) {
            progress.end = Some(ended.end);
            progress.ended_at = self.recorded_at()?;
        }
        Ok(progress)
    }

    /// Returns how the command ended, or `None` while it runs.
    pub(super) fn end(&self) -> Result<Option<CommandEnd>, DriverError> {
        Ok(self.ended()?.map(|ended| ended.end))
    }

    fn ended(&self) -> Result<Option<Ended>, DriverError> {
        if let Some(ended) = self.recorded()? {
            return Ok(Some(ended));
        }
        let shepherd = self.file(SHEPHERD)?;
        if is_locked(&shepherd).map_err(system("looking at the command's lock"))? {
            return Ok(None);
        }
        // It may have recorded the end between the two looks.
        Ok(Some(self.recorded()?.unwrap_or(Ended {
            end: CommandEnd::Lost,
            stdout: u64::MAX,
            stderr: u64::MAX,
        })))
    }

    fn recorded(&self) -> Result<Option<Ended>, DriverError> {
        if !exists(&self.folder, END).map_err(system("looking for the command's end"))? {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.file(END)?
            .take(LONGEST_END)
            .read_to_end(&mut bytes)
            .map_err(system("reading the command's end"))?;
        // A power failure may leave an empty file; the instance did not survive that either.
        Ok(Some(serde_json::from_slice(&bytes).unwrap_or(Ended {
            end: CommandEnd::Lost,
            stdout: u64::MAX,
            stderr: u64::MAX,
        })))
    }

    /// Returns when the end was recorded; `None` if it was not.
    fn recorded_at(&self) -> Result<Option<Timestamp>, DriverError> {
        let step = "looking for the command's end";
        if !exists(&self.folder, END).map_err(system(step))? {
            return Ok(None);
        }
        let metadata = self.file(END)?.metadata().map_err(system(step))?;
        // A time that no clock shows was planted from inside.
        Ok(metadata
            .modified()
            .ok()
            .and_then(|time| Timestamp::try_from(time).ok()))
    }

    fn read(&self, channel: Channel, offset: u64, wanted: u64) -> Result<Vec<u8>, DriverError> {
        let step = || format!("reading the command's {channel}");
        let file = self.file(channel_name(channel))?;
        let size = file.metadata().map_err(system(step()))?.len();
        let length = size.saturating_sub(offset).min(wanted);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        let mut filled = 0;
        while filled < bytes.len() {
            let at = offset + filled as u64;
            match file.read_at(&mut bytes[filled..], at) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(system(step())(error)),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    fn file(&self, name: &str) -> Result<File, DriverError> {
        let step = || format!("opening the command's file `{name}`");
        let file =
            File::from(open_inside(&self.folder, name, OFlags::RDONLY).map_err(system(step()))?);
        if file.metadata().map_err(system(step()))?.is_file() {
            return Ok(file);
        }
        Err(system(step())(io::Error::other("it is no plain file")))
    }
}

/// Removes what is kept of a command that has ended; only a mark stays, so that it is never
/// started again.
pub(super) fn forget(instance: &Path, id: &str) -> Result<(), DriverError> {
    let spool = open_spool(instance)?;
    let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mark = openat(&spool, mark_name(id), flags, Mode::RUSR | Mode::WUSR)
        .map_err(system("marking the command as acknowledged"))?;
    // The mark is durable before the folder goes: between them lies the promise not to start twice.
    rustix::fs::fsync(&mark)
        .and_then(|()| rustix::fs::fsync(&spool))
        .map_err(system("marking the command as acknowledged"))?;
    std::fs::remove_dir_all(instance.join(INVOCATIONS).join(id))
        .map_err(system("removing the command's output"))
}

/// Tells whether the command has been acknowledged.
pub(super) fn is_forgotten(instance: &Path, id: &str) -> Result<bool, DriverError> {
    exists(open_spool(instance)?, &mark_name(id)).map_err(system("looking for the command"))
}

fn open_spool(instance: &Path) -> Result<OwnedFd, DriverError> {
    File::open(instance.join(INVOCATIONS))
        .map(OwnedFd::from)
        .map_err(system("opening the instance's spool"))
}
