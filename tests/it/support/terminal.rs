//! Real terminals, and what programs show there.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Returns both sides of a new terminal: the one in front of it, and the one of programs.
pub(crate) fn terminal() -> (File, File) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = File::options()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    (File::from(ours), theirs)
}

/// Runs a program whose output and messages go to a terminal; returns all that it wrote there, with
/// the line ends that it wrote. It must succeed.
pub(crate) fn shown(mut command: Command) -> String {
    let (mut ours, theirs) = terminal();
    let side = || Stdio::from(OwnedFd::from(theirs.try_clone().unwrap()));
    command.env("TERM", "xterm").stdout(side()).stderr(side());
    let mut child = command.spawn().unwrap();
    drop((command, theirs));
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    // Linux answers with an error when the last process has closed the other side.
    while let Ok(count @ 1..) = ours.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..count]);
    }
    let seen = String::from_utf8(seen).unwrap();
    assert!(child.wait().unwrap().success(), "{seen}");
    seen.replace("\r\n", "\n")
}
