//! `oos show`: one execution, with its tasks and what it waits for.

use std::collections::BTreeSet;

use clap::Args;

use crate::base::id::ExecutionId;
use crate::cli::client::Client;
use crate::cli::exit::Exit;
use crate::cli::option::ExecutionArgument;
use crate::cli::output::{Kin, print_execution};
use crate::cli::session::{Outcome, Session};
use crate::engine::event::Fact;
use crate::store::view::TaskFilter;
use crate::store::{Store, StoreError};

/// Arguments of `oos show`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    execution: ExecutionArgument,
}

/// Returns which execution an execution repeats, which repeat it, and whom it waits for.
async fn repeats(store: &dyn Store, id: &ExecutionId) -> Result<Kin, StoreError> {
    let first = store.events(id, 0, 1).await?.pop();
    let repeats = match first.map(|(_, event)| event.fact) {
        Some(Fact::ExecutionStarted(started)) => started.repeats,
        _ => None,
    };
    let locks = store.locks(id).await?;
    let holders = locks.iter().flat_map(|lock| &lock.waits_for);
    let mut left = Vec::new();
    for root in holders.map(ExecutionId::root).collect::<BTreeSet<_>>() {
        if !store.is_owned(&root)? {
            left.push(root);
        }
    }
    Ok(Kin {
        repeats,
        repeated_by: store.repeated_by(id).await?,
        locks,
        left,
    })
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
        let kin = client.wait(repeats(client.store(), &view.execution_id))?;
        print_execution(&view, &kin, &tasks, &mut session.output)?;
        Ok(Exit::Success)
    }
}
