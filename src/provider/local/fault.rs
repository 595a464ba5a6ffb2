//! The errors of the local cloud, with the vendor's codes.

use crate::base::call::{ApiError, CallFault};
use crate::provider::local::driver::DriverError;

/// A parameter that must be given is not.
pub(super) fn missing(name: &str) -> ApiError {
    ApiError::new(
        "MissingParameter",
        format!("the parameter `{name}` must be given"),
    )
}

/// A parameter has a value that cannot be used.
pub(super) fn invalid(name: &str, why: &str) -> ApiError {
    ApiError::new(
        "InvalidParameter",
        format!("the parameter `{name}` is not valid: {why}"),
    )
}

/// There is no such instance.
pub(super) fn no_instance(id: &str) -> ApiError {
    ApiError::new(
        "InvalidInstanceId.NotFound",
        format!("there is no instance `{id}`"),
    )
}

/// The code of what is refused because of what hosts are.
pub(super) const OF_HOST: &str = "OperationDenied.Host";

/// A call for instances names a host of the inventory.
pub(super) fn is_host(api: &str, id: &str) -> ApiError {
    ApiError::new(
        OF_HOST,
        format!(
            "`{api}` does not apply to `{id}`: it is a host of the inventory, which is not made, \
             started, stopped or changed from here"
        ),
    )
}

/// The status of an instance forbids what was asked.
pub(super) fn wrong_status(id: &str, status: &str, wanted: &str) -> ApiError {
    ApiError::new(
        "IncorrectInstanceStatus",
        format!("instance `{id}` is {status}; it must be {wanted}"),
    )
}

/// There is no such image.
pub(super) fn no_image(id: &str) -> ApiError {
    ApiError::new(
        "InvalidImageId.NotFound",
        format!("there is no image `{id}`"),
    )
}

/// There is no such snapshot.
pub(super) fn no_snapshot(id: &str) -> ApiError {
    ApiError::new(
        "InvalidSnapshotId.NotFound",
        format!("there is no snapshot `{id}`"),
    )
}

/// There is no such disk.
pub(super) fn no_disk(id: &str) -> ApiError {
    ApiError::new("InvalidDiskId.NotFound", format!("there is no disk `{id}`"))
}

/// There is no such command.
pub(super) fn no_command(id: &str) -> ApiError {
    ApiError::new(
        "InvalidCmdId.NotFound",
        format!("there is no command `{id}`"),
    )
}

/// There is no such invocation.
pub(super) fn no_invocation(id: &str) -> ApiError {
    ApiError::new(
        "InvalidInvokeId.NotFound",
        format!("there is no invocation `{id}`"),
    )
}

/// What the driver could not do, as the API says it.
pub(super) fn driver(error: DriverError) -> CallFault {
    let text = error.to_string();
    let api = match error {
        DriverError::Unsupported { remedy, .. } => {
            ApiError::new("OperationDenied.NoSandbox", format!("{text}; {remedy}"))
        }
        DriverError::NotFound {
            kind: "instance",
            id,
        } => no_instance(&id),
        DriverError::NotFound { .. } => ApiError::new("InvalidParameter.NotFound", text),
        DriverError::NotRunning { id } => wrong_status(&id, "Stopped", "Running"),
        DriverError::Invalid { .. } => ApiError::new("InvalidParameter", text),
        DriverError::Host { code, .. } => ApiError::new(code, text),
        DriverError::Unknown { reason } => return CallFault::Unknown { reason },
        DriverError::StillRunning { .. } | DriverError::System { .. } => {
            ApiError::new("DriverFailure", text)
        }
    };
    api.into()
}
