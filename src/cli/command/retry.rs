//! `oos retry`.

use clap::Args;

use crate::cli::brake::require_room;
use crate::cli::client;
use crate::cli::command::signal::{OverrideArguments, SignalArguments, send};
use crate::cli::detach::detach;
use crate::cli::drive::{Story, drive};
use crate::cli::guard;
use crate::cli::refusal::not_repeated;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::start::begin;
use crate::cli::workshop::Workshop;
use crate::engine::event::Request;
use crate::engine::status::{ExecutionStatus, WaitReason};
use crate::store::view::ExecutionView;

/// Arguments of `oos retry`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    signal: SignalArguments,
    /// The task to run again; the failed one when not given
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
    #[command(flatten)]
    overrides: OverrideArguments,
    /// Run only what failed or never began; what has ended goes on in a new execution
    #[arg(long)]
    failed: bool,
    /// Print the id of the new execution and leave; the work goes on in the background
    #[arg(long, requires = "failed")]
    detach: bool,
    /// Leave with exit code 4 when the new execution waits for somebody
    #[arg(long, requires = "failed")]
    no_wait: bool,
    /// Let the person who starts the new execution approve it, too; the record of the run shows it
    #[arg(long, requires = "failed")]
    allow_self_approval: bool,
}

impl Arguments {
    /// Sends the signal, or does the rest of what has ended.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        if self.failed {
            let (workshop, id) = Workshop::open_for(&session.settings, &self.signal.id)?;
            let store = workshop.runner().store();
            let view = workshop.wait(client::find(store, id.as_str()))?;
            if view.status.is_final() {
                return self.do_the_rest(&workshop, &view, session);
            }
            refuse_at_work(&view)?;
        }
        // A retry of a loop runs only what failed or never began in any case.
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

    fn do_the_rest(
        self,
        workshop: &Workshop,
        view: &ExecutionView,
        session: &mut Session,
    ) -> Outcome {
        require_room(&session.settings)?;
        let id = &view.execution_id;
        if self.task.is_some() || self.overrides.is_given() {
            let error = anyhow::anyhow!("`{id}` has ended: its tasks run as they are written");
            let hint = format!(
                "`oos run --from {id} -p NAME=VALUE` runs all of it with other parameters."
            );
            return Err(Failure::usage(error).hinted(hint));
        }
        let runner = workshop.runner();
        workshop.wait(async {
            let prepared = runner
                .prepare_rest(id, &self.signal.note, self.allow_self_approval)
                .await
                .map_err(|error| not_repeated(error, &mut session.output))?;
            guard::hide(prepared.started().secrets());
            let new = begin(prepared, runner, session).await?;
            session
                .output
                .note(format_args!("`{new}` does what is left of `{id}`."));
            if self.detach {
                return detach(&new, self.no_wait, session);
            }
            drive(runner, &new, Story::Whole, self.no_wait, session).await
        })
    }
}

/// Of what is at work nobody knows what will be left.
fn refuse_at_work(view: &ExecutionView) -> Result<(), Failure> {
    let (id, status) = (&view.execution_id, view.status);
    let asks = matches!(
        view.waiting_status,
        Some(WaitReason::Failure | WaitReason::Unknown { .. } | WaitReason::Child { .. })
    );
    if status == ExecutionStatus::Waiting && asks {
        return Ok(());
    }
    let error = anyhow::anyhow!("`{id}` has not ended: it is {}", status.as_str());
    Err(Failure::refused(error).hinted(format!(
        "`oos resume {id}` works on it to its end, `oos cancel {id}` ends it."
    )))
}
