//! What goes wrong with a host, as drivers say it.

use crate::provider::local::driver::DriverError;
use crate::provider::ssh::SshError;

/// Nothing was started on the host.
pub(super) fn host(error: &SshError) -> DriverError {
    DriverError::Host {
        code: error.code(),
        reason: error.message(),
    }
}

/// The host cannot do what is needed.
pub(super) fn lacking(code: &'static str, reason: String) -> DriverError {
    DriverError::Host { code, reason }
}

/// An operation is not for hosts.
pub(super) fn not_for_hosts(instance: &str, what: &str) -> DriverError {
    DriverError::Invalid {
        reason: format!(
            "`{instance}` is a host of the inventory: {what} is for instances that `oos` makes itself"
        ),
    }
}
