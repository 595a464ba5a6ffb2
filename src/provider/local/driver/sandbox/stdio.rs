//! The three standard files, by which helpers are handed what they work on: nothing else can be
//! passed on safely while other threads start processes.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

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
