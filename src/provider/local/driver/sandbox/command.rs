//! The last step before a command runs: takes on the user's identity and becomes the command.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid, setsid};
use rustix::fs::Mode;
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
use serde::{Deserialize, Serialize};

use super::entry::take_stdin;
use super::wire;

/// How many processes and threads a user may have in an instance when a command starts one: plenty
/// for services, and a fork bomb leaves the host usable.
const MOST_PROCESSES: u64 = 1024;

/// The part of what the starter of the instance may have that an instance gets at most: without the
/// rest nobody could cancel a fork bomb.
const SHARE: u64 = 2;

/// What root of an instance may do: what installing and running services takes. Without the rest it
/// cannot undo our mounts, and not look into our helpers, which have more.
const CAPABILITIES: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::SETFCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::NET_RAW)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::MKNOD)
    .union(CapabilitySet::AUDIT_WRITE);

/// Exit code if the program is not there, as shells have it.
const NOT_FOUND: u8 = 127;
/// Exit code if the program cannot be run, as shells have it.
const NOT_RUNNABLE: u8 = 126;

/// A command with everything looked up.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Prepared {
    pub(super) argv: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) directory: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) groups: Vec<u32>,
}

/// Becomes the command that is told over standard input.
pub(super) fn run() -> ExitCode {
    let error = match prepare() {
        Ok(mut command) => command.exec(),
        Err(error) => error,
    };
    let code = if error.kind() == io::ErrorKind::NotFound {
        NOT_FOUND
    } else {
        NOT_RUNNABLE
    };
    // It goes to the command's own standard error; if that takes nothing, the code must do.
    let _full = writeln!(
        io::stderr(),
        "oos: the command could not be started: {error}"
    );
    ExitCode::from(code)
}

fn prepare() -> io::Result<Command> {
    let prepared: Prepared = wire::receive(&mut io::BufReader::new(take_stdin()?))?;
    setsid()?;
    let (_, hard) = getrlimit(Resource::RLIMIT_NPROC)?;
    let most = MOST_PROCESSES.min(hard / SHARE);
    setrlimit(Resource::RLIMIT_NPROC, most, most)?;
    rustix::process::umask(Mode::WGRP | Mode::WOTH);
    drop_capabilities()?;
    become_user(&prepared)?;
    std::env::set_current_dir(&prepared.directory).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("folder `{}`: {error}", prepared.directory),
        )
    })?;
    let (program, arguments) = prepared
        .argv
        .split_first()
        .ok_or_else(|| io::Error::other("the command is empty"))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(&prepared.environment);
    Ok(command)
}

/// Sees to it that whatever is executed from here on has only [`CAPABILITIES`].
fn drop_capabilities() -> io::Result<()> {
    for number in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        if CAPABILITIES.contains(capability) {
            continue;
        }
        match remove_capability_from_bounding_set(capability) {
            Ok(()) => {}
            // The kernel knows no more.
            Err(rustix::io::Errno::INVAL) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Takes on the user's ids. Without a range of ids there is only root, who is that already and
/// could not set groups.
fn become_user(prepared: &Prepared) -> io::Result<()> {
    let groups: Vec<Gid> = prepared.groups.iter().copied().map(Gid::from_raw).collect();
    match setgroups(&groups) {
        Ok(()) => {}
        Err(nix::errno::Errno::EPERM) if prepared.uid == 0 => return Ok(()),
        Err(errno) => return Err(errno.into()),
    }
    let (gid, uid) = (Gid::from_raw(prepared.gid), Uid::from_raw(prepared.uid));
    setresgid(gid, gid, gid)?;
    Ok(setresuid(uid, uid, uid)?)
}
