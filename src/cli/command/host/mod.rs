//! `oos host`: the hosts of the inventory, one subcommand a file.

mod entry;
mod history;
mod list;
mod show;

pub(in crate::cli) use entry::Arguments;
