//! The embedded cloud: an ECS-shaped control plane over what the user has.

pub mod driver;
