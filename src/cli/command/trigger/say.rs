//! `oos trigger pause`, `resume` and `delete`.

use clap::Args;

use crate::cli::command::trigger::which::{TriggerArgument, find_trigger};
use crate::cli::environment;
use crate::cli::exit::Exit;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::workshop::{Messenger, Workshop};
use crate::engine::event::{Request, Signal};
use crate::runner::{DriveOptions, SignalError};

/// Arguments of a word to a trigger.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    trigger: TriggerArgument,
    /// Say why; it is recorded
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    note: String,
}

impl Arguments {
    /// Says it. Where nobody serves, it is heard at once all the same.
    pub(super) fn run(self, request: Request, session: &mut Session) -> Outcome {
        let messenger = Messenger::open(&session.settings)?;
        let (id, sent) = messenger.wait(async {
            let runner = messenger.runner();
            let trigger = find_trigger(runner.store(), &self.trigger).await?;
            let signal = Signal {
                by: environment::user_name(),
                note: self.note.clone(),
                request,
                plan: None,
                number: None,
            };
            let sent = runner.signal(&trigger.execution_id, &signal).await;
            Ok::<_, Failure>((trigger.execution_id, sent))
        })?;
        match sent {
            Ok(()) => {}
            Err(SignalError::Nobody(_)) => {
                drop(messenger);
                let workshop = Workshop::open(&session.settings)?;
                let options = DriveOptions {
                    stop_when_waiting: true,
                    ..DriveOptions::default()
                };
                workshop.wait(workshop.runner().drive(&id, options))?;
            }
            Err(error) => return Err(error.into()),
        }
        session.output.note(format_args!("`{id}` has taken this."));
        Ok(Exit::Success)
    }
}
