//! What follows from an input, one input a file. Everything is rendered here; the facts that come
//! out are applied to a draft as they are recorded, so that a cascade sees its own beginning.

mod answered;
mod child;
mod entry;
mod expire;
mod hold;
mod lock;
mod poll;
mod signal;
mod stop;
mod timer;
mod trigger;

pub(super) use entry::decide;
