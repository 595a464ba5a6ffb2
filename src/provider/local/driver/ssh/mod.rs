//! Hosts that exist, as instances: commands run on them under the supervisor, or plainly.
//!
//! Nothing is kept here that a command depends on: the host knows what runs on it, and a process that
//! comes later attaches. Making, stopping and imaging instances is not for hosts and is refused.

mod attempt;
mod ending;
mod facts;
mod fault;
mod hosts;
mod line;
mod shell;
mod window;

pub use facts::Facts;
pub use hosts::Hosts;
