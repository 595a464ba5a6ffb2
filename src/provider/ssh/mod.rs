//! SSH: hosts that exist, reached as they are.

mod endpoint;

pub use endpoint::{Elevation, Endpoint, HostKeyPolicy, HostKeys, Limits};
