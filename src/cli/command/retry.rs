//! `oos retry`.

use clap::Args;

use crate::cli::command::signal::{OverrideArguments, SignalArguments, send};
use crate::cli::session::{Outcome, Session};
use crate::engine::event::Request;

/// Arguments of `oos retry`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    signal: SignalArguments,
    /// The task to run again; the failed one when not given
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
    #[command(flatten)]
    overrides: OverrideArguments,
}

impl Arguments {
    /// Sends the signal.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let parameters = self.overrides.read()?;
        send(
            &self.signal,
            Request::RetryTask {
                task: self.task,
                parameters,
            },
            session,
        )
    }
}
