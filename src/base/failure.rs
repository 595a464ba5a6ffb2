//! Classes of failure: what went wrong with one target, as summaries and error budgets count it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::call::CallFault;

/// Error codes of failures that concern a host and not the command on it.
pub mod code {
    /// No connection came about: no address, refused, no route, no answer.
    pub const UNREACHABLE: &str = "Host.Unreachable";
    /// The host's key is not known, has changed or is revoked.
    pub const KEY_REFUSED: &str = "Host.KeyRefused";
    /// The host took none of the credentials.
    pub const AUTHENTICATION: &str = "Host.AuthenticationFailed";
    /// The host did not answer within a limit of time.
    pub const TIMEOUT: &str = "Host.Timeout";
    /// The host lacks something that is needed to run a command safely.
    pub const UNSUPPORTED: &str = "Host.Unsupported";
    /// A call had no answer and certainly did nothing; recorded of such a call.
    pub const NO_ANSWER: &str = "Unreachable";
    /// A call had no answer and may have done something; recorded of such a call.
    pub const UNKNOWN: &str = "Unknown";
}

/// What kind of failure a target had.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum FailureClass {
    /// No connection came about.
    Unreachable,
    /// The host's key was refused.
    RefusedKey,
    /// The host took none of the credentials.
    Authentication,
    /// The host or the command took too long.
    Timeout,
    /// The command ended with an exit code that is not 0.
    ExitCode,
    /// Nobody knows what became of the command.
    Unknown,
    /// Anything else.
    Other,
}

impl FailureClass {
    /// All classes, in the order of listings.
    pub const ALL: [Self; 7] = [
        Self::Unreachable,
        Self::RefusedKey,
        Self::Authentication,
        Self::Timeout,
        Self::ExitCode,
        Self::Unknown,
        Self::Other,
    ];

    /// Returns the class of a vendor-shaped error code.
    pub fn of_code(code: &str) -> Self {
        match code {
            code::UNREACHABLE | code::NO_ANSWER => Self::Unreachable,
            code::KEY_REFUSED => Self::RefusedKey,
            code::AUTHENTICATION => Self::Authentication,
            code::TIMEOUT | "CommandTimeout" | "Timeout" => Self::Timeout,
            code::UNKNOWN => Self::Unknown,
            code if code.starts_with("ExitCode.") => Self::ExitCode,
            _ => Self::Other,
        }
    }

    /// Returns the class of a call that came to nothing.
    pub fn of(fault: &CallFault) -> Self {
        match fault {
            CallFault::Api(error) => Self::of_code(&error.code),
            CallFault::Unreachable { .. } => Self::Unreachable,
            CallFault::Unknown { .. } => Self::Unknown,
            CallFault::Storage { .. } | CallFault::Cancelled { .. } => Self::Other,
        }
    }

    /// Returns the name that templates and listings use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "Unreachable",
            Self::RefusedKey => "RefusedKey",
            Self::Authentication => "Authentication",
            Self::Timeout => "Timeout",
            Self::ExitCode => "ExitCode",
            Self::Unknown => "Unknown",
            Self::Other => "Other",
        }
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_its_class() {
        for (code, class) in [
            ("Host.Unreachable", FailureClass::Unreachable),
            ("Host.KeyRefused", FailureClass::RefusedKey),
            ("Host.AuthenticationFailed", FailureClass::Authentication),
            ("Host.Timeout", FailureClass::Timeout),
            ("CommandTimeout", FailureClass::Timeout),
            ("ExitCode.3", FailureClass::ExitCode),
            ("Host.Unsupported", FailureClass::Other),
            ("Unreachable", FailureClass::Unreachable),
            ("Unknown", FailureClass::Unknown),
            ("Timeout", FailureClass::Timeout),
            ("Throttling", FailureClass::Other),
        ] {
            assert_eq!(FailureClass::of_code(code), class, "{code}");
        }
    }
}
