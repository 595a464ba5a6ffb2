//! Floor 2: what happens next. Pure and synchronous: time comes in as `now`, answers come in as
//! inputs, everything wanted from the world goes out as effects.

pub mod effect;
pub mod event;
pub mod input;
pub mod status;
