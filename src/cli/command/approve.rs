//! `oos approve`.

use clap::Args;

use crate::cli::command::signal::{SignalArguments, send};
use crate::cli::session::{Outcome, Session};
use crate::engine::event::Request;

/// Arguments of `oos approve`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    signal: SignalArguments,
    /// The task to approve; needed when several wait
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
}

impl Arguments {
    /// Sends the signal.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        send(&self.signal, Request::Approve { task: self.task }, session)
    }
}
