//! One subcommand a file.

mod action;
mod approve;
mod audit;
mod cancel;
mod complete;
mod completion;
mod diff;
mod doctor;
mod events;
mod exec;
mod execute;
mod graph;
mod host;
mod image;
mod instance;
mod list;
mod list_of_commands;
mod logs;
mod parameter;
mod plan;
mod reject;
mod report;
mod resume;
mod retry;
mod run;
mod schema;
mod secret;
mod show;
mod signal;
mod skip;
mod store;
mod tasks;
mod template;
mod validate;

pub(super) use list_of_commands::Command;
