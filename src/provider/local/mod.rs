//! The embedded cloud: an ECS-shaped control plane over what the user has.
//!
//! Instances, images, snapshots, commands and invocations are [`Records`](crate::base::records);
//! a [`Driver`](driver::Driver) makes them real. The cloud is one place: every region id names it,
//! so that templates that carry a region of the vendor's run unchanged.

mod answer;
mod api;
mod cloud;
mod command;
pub mod driver;
pub mod fake;
mod fault;
mod garbage;
mod host_tag;
mod image;
mod import;
mod instance;
mod invocation;
mod machine;
mod native;
mod release;
mod request;
mod script;
mod service;
mod snapshot;
mod spool;
mod state;
mod tag;
mod token;

pub use api::entry::{Api, Kind};
pub use api::table::served;
pub use cloud::LocalCloud;
pub use host_tag::RunTags;
pub use image::HOST_IMAGE;
pub use native::actions as native_actions;
