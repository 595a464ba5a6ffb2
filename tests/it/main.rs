//! Tests of the whole program, one theme a file.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::pedantic,
    clippy::unwrap_used,
    reason = "tests say why they skip; what one cannot go on without may end it, in helpers too"
)]

mod actions;
mod ansible;
mod check;
mod cli;
mod cloud;
mod corpus;
mod docs;
mod errors;
mod exec;
mod faults;
mod fleet;
mod locks;
mod loop_scale;
mod mutation;
mod own_service;
mod plan;
mod recovery;
mod refusal;
mod repeat;
mod retention;
mod robustness;
mod runbooks;
mod sandbox;
mod schedule;
mod schema;
mod secrets;
mod selectors;
mod serve;
mod ssh;
mod support;
mod vendor;
