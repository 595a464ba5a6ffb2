//! What every command gets to work with.

use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::report::Failure;
use crate::config::Settings;

/// How a command ends.
pub(super) type Outcome = Result<Exit, Failure>;

/// The settings and the way to the user.
#[derive(Debug)]
pub(super) struct Session {
    /// What is set.
    pub(super) settings: Settings,
    /// Where to print.
    pub(super) output: Output,
    /// Makes the definition of the command line, which completion is made from.
    pub(super) grammar: fn() -> clap::Command,
}
