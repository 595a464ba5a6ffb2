//! Floor 1: signatures of actions, and what is known of APIs. Nothing here acts.

pub mod catalog;
pub mod spec;

pub use catalog::Catalog;
pub use spec::{ActionSpec, ApiSpec, OutputSpec, PropertySpec, Risk};
