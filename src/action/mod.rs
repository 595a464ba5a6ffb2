//! Floor 1: signatures of actions, and what is known of APIs. Nothing here acts.

pub mod api;
pub mod catalog;
pub mod embedded;
mod embedded_spec;
pub mod property;
pub mod signature;
pub mod spec;

pub use api::{ApiSpec, Risk, default_recovery, risk};
pub use catalog::{Catalog, Known};
pub use embedded::Embedded;
pub use property::PropertySpec;
pub use spec::{ActionKind, ActionSpec, Attribute, OutputSpec};
