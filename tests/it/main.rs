//! Tests of the whole program, one theme a file.

mod corpus;
