//! `oos host`: the hosts of the inventory, one subcommand a file.

mod answer;
mod entry;
mod facts;
mod history;
mod list;
mod ping;
mod said;
mod show;

pub(in crate::cli) use entry::Arguments;
