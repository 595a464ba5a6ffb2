//! The list of commands.

use crate::cli::command::{completion, validate};
use crate::cli::session::{Outcome, Session};

/// What `oos` can do.
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// Check templates and show everything that is wrong with them
    Validate(validate::Arguments),
    /// Print the completion script of a shell
    Completion(completion::Arguments),
}

impl Command {
    /// Does it.
    pub(in crate::cli) fn run(self, session: &mut Session) -> Outcome {
        match self {
            Self::Validate(arguments) => arguments.run(session),
            Self::Completion(arguments) => arguments.run(session),
        }
    }
}
