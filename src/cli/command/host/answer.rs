//! Asking hosts, what keeps one from answering, and what that means for the exit code.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::base::failure::FailureClass;
use crate::cli::exit::Exit;
use crate::cli::hosts::{Hosts, needs_inventory};
use crate::cli::output::{Output, counted};
use crate::cli::reach::{HostDriver, Reach};
use crate::cli::report::Failure;
use crate::cli::session::Session;
use crate::cli::targets::choose;
use crate::provider::inventory::Host;
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

/// A host's name, and what came of asking it.
pub(super) type Answer<T> = (String, Result<T, Trouble>);

/// Asks the hosts that words choose; returns the name of each with what it answered.
pub(super) fn ask<T, F: Future<Output = Result<T, DriverError>>>(
    words: &[String],
    question: impl Fn(Arc<HostDriver>, Arc<Host>) -> F,
    session: &mut Session,
) -> Result<Vec<Answer<T>>, Failure> {
    needs_inventory(&session.settings)?;
    let hosts = Hosts::load_tagged(&session.settings)?;
    hosts.tell(&mut session.output);
    let chosen = choose(&words.join(" "), &hosts.inventory)?;
    let reach = Reach::open(&session.settings, &hosts.inventory)?;
    let answers = reach.each(&chosen, question);
    let named = chosen.iter().zip(answers);
    Ok(named
        .map(|(host, answer)| (host.name.clone(), answer.map_err(|error| trouble(&error))))
        .collect())
}

/// Returns what a driver said of a host.
fn trouble(error: &DriverError) -> Trouble {
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
