//! The hidden entry: what our executable does when it is started as one of its own helpers.
//!
//! Threads may neither make user namespaces nor be forked safely, so every helper is a fresh start
//! of the executable that never gets further than this.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode, Stdio};

use nix::sched::{CloneFlags, unshare};
use rustix::fs::StatVfsMountFlags;
use rustix::mount::{MountFlags, MountPropagationFlags, mount_bind, mount_change, mount_remount};
use rustix::process::chroot;
use rustix::thread::{Gid, Uid, set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::failure::{Failure, Step};
use super::unpack::Below;
use super::wire::{self, Errand, Reply};
use super::{command, init, layout, pack, serve, unpack};

/// First argument of a helper.
pub const ARGUMENT: &str = "__sandbox";

/// What a helper is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Enters a user namespace and runs one errand there.
    Enter,
    /// Pid 1 of an instance.
    Init,
    /// Serves one request inside an instance.
    Serve,
    /// Takes on a user's identity and becomes the command.
    Command,
}

impl Role {
    const ALL: [Self; 4] = [Self::Enter, Self::Init, Self::Serve, Self::Command];

    /// Returns the argument that selects the role.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Init => "init",
            Self::Serve => "serve",
            Self::Command => "command",
        }
    }
}

/// Runs a helper; `arguments` are those after [`ARGUMENT`]. To be called before the process has a
/// second thread.
pub fn entry(arguments: &[OsString]) -> ExitCode {
    if close_inherited().is_err() {
        return ExitCode::FAILURE;
    }
    let role = arguments
        .first()
        .and_then(|name| Role::ALL.into_iter().find(|role| name == role.as_str()));
    match role {
        Some(Role::Enter) => enter(),
        Some(Role::Init) => init::run(),
        Some(Role::Serve) => serve::run(),
        Some(Role::Command) => command::run(),
        None => ExitCode::from(2),
    }
}

/// Closes what the starter of the starter left open by mistake: it must not reach an instance.
fn close_inherited() -> io::Result<()> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        open.extend(
            entry?
                .file_name()
                .to_str()
                .and_then(|fd| fd.parse::<i32>().ok()),
        );
    }
    for fd in open.into_iter().filter(|fd| *fd > 2) {
        match nix::unistd::close(fd) {
            // The listing's own is closed by now.
            Ok(()) | Err(nix::errno::Errno::EBADF) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Takes standard input over; nothing is left there for children to read.
pub(super) fn take_stdin() -> io::Result<File> {
    let input = io::stdin().as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdin(null()?)?;
    Ok(input.into())
}

/// Takes standard input over as a stream.
pub(super) fn take_stream() -> io::Result<UnixStream> {
    Ok(UnixStream::from(OwnedFd::from(take_stdin()?)))
}

/// Takes the file that standard output stands for over.
pub(super) fn take_subject() -> io::Result<OwnedFd> {
    let subject = io::stdout().as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdout(null()?)?;
    Ok(subject)
}

fn null() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/null")
}

fn enter() -> ExitCode {
    let Ok(stream) = take_stream() else {
        return ExitCode::FAILURE;
    };
    let result = enter_and_run(&stream);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // If the driver is gone, nobody is left to be told.
            let _nobody = wire::send(&stream, &Reply::<()>::Err(failure));
            ExitCode::FAILURE
        }
    }
}

fn enter_and_run(stream: &UnixStream) -> Result<(), Failure> {
    let lost = || Failure::system::<io::Error>("speaking with the driver");
    unshare(CloneFlags::CLONE_NEWUSER).map_err(Failure::at(Step::UserNamespace))?;
    wire::send(stream, &Reply::Ok(())).map_err(lost())?;
    let errand: Errand = wire::receive_exactly(stream).map_err(lost())?;
    become_root().map_err(Failure::at(Step::BecomeRoot))?;
    let subject = take_subject().map_err(lost())?;
    match errand {
        Errand::Start { seal } => start(stream, subject, seal),
        Errand::Unpack { limits, below } => {
            let below = below.map(Below::open).transpose().map_err(lost())?;
            chroot(".").map_err(Failure::at(Step::PivotRoot))?;
            unpack::unpack(subject.into(), limits, below.as_ref())?;
            wire::send(stream, &Reply::Ok(())).map_err(lost())
        }
        Errand::Pack => {
            chroot(".").map_err(Failure::at(Step::PivotRoot))?;
            let packed = pack::pack(subject.into())?;
            wire::send(stream, &Reply::Ok(packed)).map_err(lost())
        }
        Errand::Empty => {
            chroot(".").map_err(Failure::at(Step::PivotRoot))?;
            empty().map_err(Failure::system("removing files"))?;
            wire::send(stream, &Reply::Ok(())).map_err(lost())
        }
    }
}

/// Becomes the namespace's root. Supplementary groups can be dropped only by who may set them.
fn become_root() -> io::Result<()> {
    match set_thread_groups(&[]) {
        Ok(()) | Err(rustix::io::Errno::PERM) => {}
        Err(errno) => return Err(errno.into()),
    }
    set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT)?;
    set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT)?;
    Ok(())
}

/// Makes the namespaces and leaves the first process of the new pid namespace behind, which speaks
/// with the driver from then on.
fn start(stream: &UnixStream, listener: OwnedFd, seal: bool) -> Result<(), Failure> {
    nix::unistd::setsid().map_err(Failure::at(Step::Launch))?;
    unshare(
        CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWPID
            | CloneFlags::CLONE_NEWUTS
            | CloneFlags::CLONE_NEWIPC,
    )
    .map_err(Failure::at(Step::Namespaces))?;
    let executable = private_executable(seal).map_err(Failure::at(Step::PrivateMounts))?;
    let stream = stream.try_clone().map_err(Failure::at(Step::Launch))?;
    Command::new(executable)
        .arg(ARGUMENT)
        .arg(Role::Init.as_str())
        .stdin(Stdio::from(OwnedFd::from(stream)))
        .stdout(Stdio::from(listener))
        .spawn()
        .map_err(Failure::at(Step::Launch))?;
    Ok(())
}

/// Cuts mounts off from the host's and returns the path to start our executable by.
///
/// Sealed, that is a read-only mount of it: what runs inside as its owner can then write to it
/// neither now nor after the last process that executes it has ended (`/proc/1/exe` leads there).
/// Others cannot write to it anyway, and might not get to its path.
fn private_executable(seal: bool) -> io::Result<String> {
    mount_change(
        "/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )?;
    if !seal {
        return Ok("/proc/self/exe".to_owned());
    }
    mount_bind(std::fs::read_link("/proc/self/exe")?, layout::EXECUTABLE)?;
    remount_read_only(layout::EXECUTABLE)?;
    Ok(format!("./{}", layout::EXECUTABLE))
}

/// Makes one mount read-only and keeps what else its host mount forbids: the kernel would refuse a
/// looser one.
pub(super) fn remount_read_only(target: &str) -> io::Result<()> {
    let held = rustix::fs::statvfs(target)?.f_flag;
    let mut flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID;
    if held.contains(StatVfsMountFlags::NODEV) {
        flags |= MountFlags::NODEV;
    }
    if held.contains(StatVfsMountFlags::NOEXEC) {
        flags |= MountFlags::NOEXEC;
    }
    mount_remount(target, flags, "")?;
    Ok(())
}

/// Removes everything in the root folder, which is the folder to be emptied.
fn empty() -> io::Result<()> {
    for entry in std::fs::read_dir("/")? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
