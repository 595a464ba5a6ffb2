//! `oos cancel`.

use clap::Args;

use crate::cli::command::signal::{SignalArguments, send};
use crate::cli::session::{Outcome, Session};
use crate::engine::event::Request;

/// Arguments of `oos cancel`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    signal: SignalArguments,
    /// Cancel only this task
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
}

impl Arguments {
    /// Sends the signal.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let request = match self.task {
            Some(task) => Request::CancelTask { task },
            None => Request::Cancel,
        };
        send(&self.signal, request, session)
    }
}
