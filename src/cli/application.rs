//! From the arguments of the process to its exit code.

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::cli::argument::Arguments;
use crate::cli::command::Command;
use crate::cli::environment;
use crate::cli::exit::Exit;
use crate::cli::guard;
use crate::cli::limit::require_files;
use crate::cli::output::Output;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::telemetry;
use crate::config::Settings;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    guard::guard_panics();
    // A panic has printed what it has to say; its exit code is one of ours like any other.
    std::panic::catch_unwind(run)
        .unwrap_or(Exit::Internal)
        .into()
}

fn run() -> Exit {
    let parsed = Arguments::command().try_get_matches().and_then(|matches| {
        let arguments = Arguments::from_arg_matches(&matches)
            .map_err(|error| error.format(&mut Arguments::command()))?;
        Ok((arguments, matches))
    });
    let (arguments, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error),
    };
    let is_daemon = matches!(arguments.command, Command::Serve(_));
    telemetry::start(arguments.global.verbose, is_daemon);
    let mut output = Output::for_process(&arguments.global);
    let settings = Settings::resolve(
        arguments.global.overrides(&matches),
        &environment::surroundings(),
    );
    let outcome = match settings {
        Ok(settings) => {
            let mut session = Session {
                settings,
                output,
                grammar: Arguments::command,
            };
            let outcome = require_files().and_then(|()| arguments.command.run(&mut session));
            output = session.output;
            outcome.map_err(|failure| failure.naming(&session.settings.data_dir))
        }
        Err(error) => Err(error.into()),
    };
    finish(outcome, &mut output)
}

/// Prints what is still to be printed and returns how the process ends.
fn finish(outcome: Outcome, output: &mut Output) -> Exit {
    let outcome = outcome.and_then(|exit| {
        output.flush()?;
        Ok(exit)
    });
    match outcome {
        Ok(exit) => exit,
        Err(failure) => {
            // Data that was printed before the failure comes before its message. That nobody
            // reads it is no second failure.
            if let Err(error) = output.flush() {
                tracing::debug!(%error, "standard output is closed");
            }
            Failure::report(failure, output)
        }
    }
}

/// Prints what clap has to say: help and versions are data, everything else is an error.
fn usage(error: &clap::Error) -> Exit {
    // Help that nobody reads is no failure.
    if let Err(error) = error.print() {
        tracing::debug!(%error, "the message could not be printed");
    }
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Success
    }
}
