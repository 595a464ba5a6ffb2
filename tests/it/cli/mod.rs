//! The command line, through the real program.

mod approval;
mod argument;
mod audit;
mod configuration;
mod graph;
mod host;
mod image;
mod listing;
mod reference;
mod repeat;
mod run;
mod signal;
mod store;
mod template;
mod terminal;
mod validate;
