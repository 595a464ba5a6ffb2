//! Exit codes. They are an interface: scripts rely on them, so they never change their meaning.

use std::process::ExitCode;

/// How the process ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// The command did what it was asked; an execution that it waited for ended with `Success`.
    Success = 0,
    /// The execution ended with `Failed`, or what was asked for was refused.
    Failed = 1,
    /// The command line, the configuration, a template or its parameters are not acceptable;
    /// nothing was started.
    Usage = 2,
    /// The execution ended with `Cancelled`.
    Cancelled = 3,
    /// The execution waits for somebody, and `--no-wait` said not to wait with it.
    Waiting = 4,
    /// Something went wrong that is not the user's doing: the data directory, the system, a bug.
    Internal = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
