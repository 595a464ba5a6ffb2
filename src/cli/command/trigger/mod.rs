//! `oos trigger`: what starts executions by itself, one subcommand a file.

mod create;
mod entry;
mod fire;
mod history;
mod list;
mod next;
mod register;
mod say;
mod show;
mod which;

pub(in crate::cli) use entry::Arguments;
pub(in crate::cli::command) use register::register;
