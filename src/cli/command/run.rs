//! `oos run`: starts an execution and works on it.

use clap::Args;

use crate::base::digest::Digest;
use crate::cli::brake::require_room;
use crate::cli::command::trigger::register;
use crate::cli::detach::detach;
use crate::cli::drive::{Story, drive};
use crate::cli::session::{Outcome, Session};
use crate::cli::start::{StartArguments, begin};

/// Arguments of `oos run`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    start: StartArguments,
    /// Start only if the plan is this one, as `oos plan` printed it
    #[arg(long, value_name = "DIGEST")]
    plan: Option<Digest>,
    /// Print the id and leave; the work goes on in the background
    #[arg(long)]
    detach: bool,
    /// Leave with exit code 4 when the execution waits for somebody
    #[arg(long)]
    no_wait: bool,
}

impl Arguments {
    /// Starts the execution and works on it to its end.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        require_room(&session.settings)?;
        let workshop = self.start.open(&session.settings)?;
        let runner = workshop.runner();
        let prepared = self.start.prepare(self.plan, &workshop, session)?;
        if prepared.waits_for_trigger() {
            return workshop.wait(register(runner, &prepared, session));
        }
        workshop.wait(async {
            let id = begin(prepared, runner, session).await?;
            if self.detach {
                return detach(&id, self.no_wait, session);
            }
            drive(runner, &id, Story::Whole, self.no_wait, session).await
        })
    }
}
