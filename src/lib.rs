//! `oos` runs operations runbooks written in the OOS template language.
//!
//! The floors, their promises and what may import what are in `docs/architecture.md`.

pub mod base;

pub mod action;
pub mod schedule;
pub mod template;

pub mod engine;

pub mod provider;
pub mod store;

pub mod runner;

pub mod cli;
pub mod config;
