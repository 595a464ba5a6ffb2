//! Simulation: the whole runner in a made-up world, deterministic from a seed.
//!
//! A world is a clock that only moves when nobody works, a store that fails when it is told to, a
//! cloud that is slow, silent or gone, people who decide sooner or later, and processes that lose
//! power in between. What must hold whatever happens is in [`law`]; what happens is a [`plan`].
//! The engine alone, without a runner, is driven much faster in [`engine`].

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::pedantic,
    clippy::unwrap_used,
    reason = "tests say what they do; what one cannot go on without may end it, in helpers too"
)]

mod chance;
mod clock;
mod cloud;
mod corpus;
mod document;
mod echo;
mod engine;
mod fault;
mod ground;
mod law;
mod locking;
mod looping;
mod mail;
mod people;
mod plan;
mod power;
mod regression;
mod scenario;
mod schedule;
mod seeds;
mod sweep;
mod trouble;
mod world;
