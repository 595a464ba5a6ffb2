//! What can go wrong inside the helper processes, as it travels back to the caller.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

use crate::provider::local::driver::DriverError;

/// A step of making an instance, in the order in which they are taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(super) enum Step {
    /// Starting our own executable again.
    Launch,
    /// A new user namespace.
    UserNamespace,
    /// Writing the maps of user and group ids.
    MapIds,
    /// Becoming the namespace's root.
    BecomeRoot,
    /// New mount, pid, uts and ipc namespaces.
    Namespaces,
    /// Cutting mounts off from the host's and binding our executable read-only.
    PrivateMounts,
    /// The overlay on the state folder.
    Overlay,
    /// The host's system folders, read-only.
    HostFolders,
    /// A process file system of its own.
    Proc,
    /// Making the overlay the root.
    PivotRoot,
    /// A small `/dev` and `/run`.
    Devices,
    /// The host name.
    Hostname,
    /// Running a program in it.
    Execute,
}

impl Step {
    /// All steps, in order.
    pub(super) const ALL: [Self; 13] = [
        Self::Launch,
        Self::UserNamespace,
        Self::MapIds,
        Self::BecomeRoot,
        Self::Namespaces,
        Self::PrivateMounts,
        Self::Overlay,
        Self::HostFolders,
        Self::Proc,
        Self::PivotRoot,
        Self::Devices,
        Self::Hostname,
        Self::Execute,
    ];

    /// Returns what would make the step work.
    fn remedy(self) -> &'static str {
        match self {
            Self::Launch => {
                "make sure that the `oos` file can be executed and has not been replaced"
            }
            Self::UserNamespace => {
                "allow user namespaces: sysctl user.max_user_namespaces must not be 0 and \
                 kernel.unprivileged_userns_clone (where it exists) must be 1; in a container, \
                 allow `unshare` in its seccomp profile"
            }
            Self::MapIds | Self::BecomeRoot => {
                "as root, keep the capabilities SETUID and SETGID; otherwise run as the user who \
                 owns the data folder"
            }
            Self::Namespaces | Self::PrivateMounts => {
                "on Ubuntu, AppArmor takes all rights from new user namespaces: add a profile with \
                 `userns,` for the `oos` file, or set sysctl \
                 kernel.apparmor_restrict_unprivileged_userns=0; in a container, allow `mount` in \
                 its seccomp profile"
            }
            Self::Overlay => {
                "put the data folder on a local file system such as ext4, xfs or btrfs (not on an \
                 overlay, as inside a container: use a volume); Linux 5.11 or newer is needed"
            }
            Self::HostFolders => "make sure that /usr can be read; Linux 5.2 or newer is needed",
            Self::Proc => {
                "in a container, unmask /proc: `--security-opt unmask=ALL` (Podman) or \
                 `--security-opt systempaths=unconfined` (Docker)"
            }
            Self::PivotRoot => "make sure that the data folder is not on the initial ramdisk",
            Self::Devices => "make sure that /dev holds null, zero, full, random, urandom and tty",
            Self::Hostname => "choose a host name of at most 64 letters, digits and hyphens",
            Self::Execute => "make sure that the image holds the program",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Launch => "starting the helper process",
            Self::UserNamespace => "making a user namespace",
            Self::MapIds => "mapping user and group ids",
            Self::BecomeRoot => "becoming root of the user namespace",
            Self::Namespaces => "making mount, pid, uts and ipc namespaces",
            Self::PrivateMounts => "making mounts private",
            Self::Overlay => "mounting an overlay on the data folder",
            Self::HostFolders => "binding the host's system folders read-only",
            Self::Proc => "mounting a process file system",
            Self::PivotRoot => "changing the root",
            Self::Devices => "making device files",
            Self::Hostname => "setting the host name",
            Self::Execute => "running a program",
        })
    }
}

/// A failure of a helper process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Failure {
    /// The machine refused a step of making an instance.
    Step {
        /// The step.
        step: Step,
        /// What the system said.
        reason: String,
    },
    /// What was asked for is not acceptable.
    Invalid(String),
    /// The instance has no such user.
    NoUser(String),
    /// Something of the system failed.
    System {
        /// What was tried.
        step: String,
        /// What the system said.
        reason: String,
    },
}

impl Failure {
    /// Makes the failure of a system call, to be used with `map_err`.
    pub(super) fn system<E: Into<io::Error>>(step: impl Into<String>) -> impl FnOnce(E) -> Self {
        let step = step.into();
        move |error| Self::System {
            step,
            reason: error.into().to_string(),
        }
    }

    /// Makes the failure of a step, to be used with `map_err`.
    pub(super) fn at<E: Into<io::Error>>(step: Step) -> impl FnOnce(E) -> Self {
        move |error| Self::Step {
            step,
            reason: reason(step, &error.into()),
        }
    }
}

/// Returns what the system said, in words that fit: the kernel calls a limit of namespaces a full
/// device.
fn reason(step: Step, error: &io::Error) -> String {
    let is_limit = error.raw_os_error() == Some(rustix::io::Errno::NOSPC.raw_os_error());
    match step {
        Step::UserNamespace | Step::Namespaces if is_limit => {
            "the limit of namespaces is reached".to_owned()
        }
        _ => error.to_string(),
    }
}

impl From<Failure> for DriverError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Step { step, reason } => Self::Unsupported {
                step: step.to_string(),
                reason,
                remedy: step.remedy().to_owned(),
            },
            Failure::Invalid(reason) => Self::Invalid { reason },
            Failure::NoUser(id) => Self::NotFound { kind: "user", id },
            Failure::System { step, reason } => Self::System { step, reason },
        }
    }
}
