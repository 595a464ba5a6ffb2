//! The subcommands of `oos host`.

use clap::{Args, Subcommand};

use crate::cli::command::host::{facts, history, list, ping, show};
use crate::cli::session::{Outcome, Session};

/// Arguments of `oos host`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: HostCommand,
}

#[derive(Debug, Subcommand)]
enum HostCommand {
    /// List hosts of the inventory
    List(list::Arguments),
    /// Show how a host is reached, its groups, tags and variables
    Show(show::Arguments),
    /// Show every command that was run on a host, newest first: when, by whom, what came of it
    History(history::Arguments),
    /// Log in to hosts and tell how long that takes
    Ping(ping::Arguments),
    /// Ask hosts what they are: system, kernel, processors, memory, tools
    Facts(facts::Arguments),
}

impl Arguments {
    /// Does it.
    pub(in crate::cli::command) fn run(self, session: &mut Session) -> Outcome {
        match self.command {
            HostCommand::List(arguments) => arguments.run(session),
            HostCommand::Show(arguments) => arguments.run(session),
            HostCommand::History(arguments) => arguments.run(session),
            HostCommand::Ping(arguments) => arguments.run(session),
            HostCommand::Facts(arguments) => arguments.run(session),
        }
    }
}
