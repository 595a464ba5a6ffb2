//! One subcommand a file.

mod completion;
mod list_of_commands;
mod validate;

pub(super) use list_of_commands::Command;
