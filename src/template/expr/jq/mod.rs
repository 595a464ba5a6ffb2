//! The jq engine behind selectors: `jaq`, made safe to run in our own process.
//!
//! jaq itself has no limits. Here every value counts what it costs to make (`item`), every loop of
//! a program passes a meter (`meter`), and only functions on a list exist (`native`). So a program
//! ends within its budget, whatever it says. Nothing here reads a clock or the environment.

mod access;
mod budget;
mod cache;
mod constant;
mod definition;
mod item;
mod meter;
mod native;
mod number;
mod operator;
mod order;
mod program;
mod regex;
mod route;
mod standard;

pub(super) use cache::{cached, is_function};
pub(super) use program::{Failure, Program};
pub(super) use route::Step;
