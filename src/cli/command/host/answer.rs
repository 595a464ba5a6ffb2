//! What keeps a host from answering, and what that means for the exit code.

use std::fmt;

use serde::Serialize;

use crate::base::failure::FailureClass;
use crate::cli::exit::Exit;
use crate::cli::output::{Output, counted};
use crate::provider::local::driver::DriverError;

/// Why a host did not answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Trouble {
    class: FailureClass,
    code: String,
    message: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class, self.message)
    }
}

/// Returns what a driver said of a host.
pub(super) fn trouble(error: &DriverError) -> Trouble {
    let code = match error {
        DriverError::Host { code, .. } => code,
        _ => "DriverFailure",
    };
    Trouble {
        class: FailureClass::of_code(code),
        code: code.to_owned(),
        message: error.to_string(),
    }
}

/// Says how many hosts answered; it is a failure if one did not.
pub(super) fn outcome(all: usize, failed: usize, output: &mut Output) -> Exit {
    output.note(format_args!(
        "{} of {} answered.",
        all - failed,
        counted(all, "host")
    ));
    if failed == 0 {
        Exit::Success
    } else {
        Exit::Failed
    }
}
