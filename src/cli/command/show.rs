//! `oos show`: one execution, with its tasks and what it waits for.

use clap::Args;

use crate::cli::client::{self, Client};
use crate::cli::exit::Exit;
use crate::cli::option::ExecutionArgument;
use crate::cli::output::print_execution;
use crate::cli::session::{Outcome, Session};
use crate::store::view::TaskFilter;

/// Arguments of `oos show`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    execution: ExecutionArgument,
}

impl Arguments {
    /// Prints the execution.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        let view = client.execution(&self.execution.id)?;
        let tasks = client.wait(
            client
                .store()
                .tasks(&view.execution_id, &TaskFilter::default()),
        )?;
        print_execution(&view, &tasks, client::now(), &mut session.output)?;
        Ok(Exit::Success)
    }
}
