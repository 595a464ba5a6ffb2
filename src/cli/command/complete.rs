//! `oos complete`.

use clap::{Args, ValueEnum};

use crate::cli::command::signal::{SignalArguments, send};
use crate::cli::session::{Outcome, Session};
use crate::engine::event::Request;
use crate::engine::status::ExecutionStatus;

/// Arguments of `oos complete`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    signal: SignalArguments,
    /// How the execution ends
    #[arg(long, value_name = "STATUS", value_enum)]
    status: FinalStatus,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum FinalStatus {
    /// It ended well.
    Success,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl Arguments {
    /// Sends the signal.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let status = match self.status {
            FinalStatus::Success => ExecutionStatus::Success,
            FinalStatus::Failed => ExecutionStatus::Failed,
            FinalStatus::Cancelled => ExecutionStatus::Cancelled,
        };
        send(&self.signal, Request::CompleteExecution { status }, session)
    }
}
