//! The supervisor: a small POSIX shell script that starts a command on a host at most once and lets it
//! go on without us.
//!
//! A [`Part`] of it is sent over the standard input of a shell on the host, with the command in it, so
//! that neither shows in a list of processes. What comes back is read by a [`Reply`]. How the two work
//! together is told in `docs/decisions/0008-supervisor.md`. Here is no connection: whoever has one
//! sends the text and hands over what comes.

#[cfg(test)]
mod machine;
#[cfg(test)]
mod output_tests;
mod quote;
mod reply;
mod script;
#[cfg(test)]
mod tests;

pub use quote::quote;
pub use reply::{Ending, Reason, Refusal, Reply, Said};
use script::FIRST;
pub use script::{Attach, Kill, Launch, MARK, Part, STREAM, TAKEN};
