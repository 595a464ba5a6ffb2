//! Floor 2: what happens next. Pure and synchronous: time comes in as `now`, answers come in as
//! inputs, everything wanted from the world goes out as effects.

pub mod effect;
pub mod event;
mod execution;
pub mod input;
mod inspect;
pub mod status;
pub mod timer;

mod apply;
mod builtin;
mod decide;
mod draft;
mod flow;
mod lock;
mod output;
mod plan;
mod poll;
mod render;
mod repeat;
mod scope;
mod state;
#[cfg(test)]
mod tests;

pub use apply::IllegalEvent;
pub use execution::Execution;
