//! Tests of the whole program, one theme a file.

mod check;
mod corpus;
mod robustness;
mod sandbox;
mod support;
