//! The command line as clap reads it.

use clap::Parser;

use crate::cli::command::Command;
use crate::cli::global::GlobalArguments;

/// Run operations runbooks written in the OOS template language
#[derive(Debug, Parser)]
#[command(
    name = "oos",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    after_help = "An ID may be any unique beginning of an id, or `@last` for the newest execution.\n\
        Exit codes: 0 success, 1 failed, 2 usage or invalid template, 3 cancelled, 4 waiting, \
        5 internal error."
)]
pub(super) struct Arguments {
    /// The options of every command.
    #[command(flatten)]
    pub(super) global: GlobalArguments,
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}
