//! The `Fn::…` functions, one family a file (language reference 3.5 to 3.7). The four that choose
//! what to evaluate (`If`, `And`, `Or`, `Not`) are listed here and done by `evaluate`.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "all functions have the signature of the catalog"
)]

mod argument;
mod arithmetic;
mod batch;
mod catalog;
mod jinja;
mod jq;
mod list;
mod logic;
mod map;
mod net;
mod number;
mod text;
mod time;

pub use catalog::{Behavior, Shape, Signature, catalog, find};
