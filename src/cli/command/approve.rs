//! `oos approve`: shows what is approved, and approves that and nothing else.

use clap::Args;
use inquire::Confirm;

use crate::base::digest::Digest;
use crate::cli::answer::addressee;
use crate::cli::client::Client;
use crate::cli::command::signal::{SignalArguments, send_for};
use crate::cli::exit::Exit;
use crate::cli::output::{print_review, waits_for};
use crate::cli::session::{Outcome, Session};
use crate::engine::event::Request;
use crate::runner::plan::kept_targets;

/// Arguments of `oos approve`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    signal: SignalArguments,
    /// The task to approve; needed when several wait
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
    /// The plan that was looked at; the approval is refused if it is another one by now
    #[arg(long, value_name = "DIGEST")]
    plan: Option<Digest>,
}

impl Arguments {
    /// Sends the signal, for the plan that was given, or for the one that is shown.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        let view = client.execution(&self.signal.id)?;
        let view = client.wait(addressee(client.store(), &view))?;
        // What waits for nobody is refused with the reason.
        if let Some(wait) = view
            .waiting_status
            .as_ref()
            .filter(|_| session.output.can_ask())
        {
            let targets = match &view.plan {
                Some(plan) => client.wait(kept_targets(client.store(), plan))?,
                None => Vec::new(),
            };
            print_review(&view, &targets, &mut session.output);
            let question = format!("It waits for {}. Approve?", waits_for(wait));
            // Escape, Ctrl-C and a terminal that is gone all mean no.
            if !Confirm::new(&question).prompt().unwrap_or(false) {
                session.output.note("Nothing was approved.");
                return Ok(Exit::Success);
            }
        }
        let plan = self.plan.or(view.plan);
        let request = Request::Approve { task: self.task };
        send_for(&self.signal, (request, plan), session)
    }
}
