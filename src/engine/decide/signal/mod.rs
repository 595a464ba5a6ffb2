//! A person said something (language reference 6.4), one request a file or two that go together.

mod approve;
mod cancel;
mod complete;
mod entry;
mod four_eyes;
mod pass;
mod run;
mod skip;
mod target;
mod trigger;

pub(super) use entry::decide;
