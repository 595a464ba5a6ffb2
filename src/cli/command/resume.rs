//! `oos resume`: goes on with an execution that nobody works on.

use clap::Args;

use crate::cli::drive::{Story, drive};
use crate::cli::option::ExecutionArgument;
use crate::cli::session::{Outcome, Session};
use crate::cli::workshop::Workshop;

/// Arguments of `oos resume`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    execution: ExecutionArgument,
    /// Leave with exit code 4 when the execution waits for somebody
    #[arg(long)]
    no_wait: bool,
    /// Work in a session of its own, so that the end of the terminal is not the end of the work
    #[arg(long, hide = true)]
    detached: bool,
}

impl Arguments {
    /// Works on the execution to its end.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        if self.detached {
            // Fails only for the leader of a process group, which is detached already.
            if let Err(error) = rustix::process::setsid() {
                tracing::debug!(%error, "no session of its own");
            }
        }
        let (workshop, id) = Workshop::open_for(&session.settings, &self.execution.id)?;
        let root = id.root();
        workshop.wait(drive(
            workshop.runner(),
            &root,
            Story::FromNow,
            self.no_wait,
            session,
        ))
    }
}
