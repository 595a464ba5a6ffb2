//! Tests of the whole program, one theme a file.

mod check;
mod cli;
mod cloud;
mod corpus;
mod errors;
mod loop_scale;
mod mutation;
mod robustness;
mod runbooks;
mod sandbox;
mod schema;
mod selectors;
mod support;
