//! Sends what a person says to an execution, wherever it is worked on.

use std::path::PathBuf;

use clap::Args;
use inquire::Confirm;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::value::{Map, Value};
use crate::cli::client;
use crate::cli::drive::{Story, drive};
use crate::cli::environment;
use crate::cli::exit::Exit;
use crate::cli::parameter::{Parameter, read_parameters, replace};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::workshop::{Messenger, Workshop};
use crate::engine::event::{Request, Signal};
use crate::runner::SignalError;

/// What every signal takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct SignalArguments {
    /// The execution: an id, a unique beginning of one, or @last
    #[arg(value_name = "ID")]
    pub(super) id: String,
    /// Say why; it is recorded
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub(super) note: String,
    /// Go on with the execution here if nobody works on it
    #[arg(long)]
    resume: bool,
}

/// Properties in place of the template's.
#[derive(Debug, Args)]
pub(in crate::cli) struct OverrideArguments {
    /// Read properties that replace the template's, key by key, from this YAML or JSON file
    #[arg(long, value_name = "FILE")]
    properties: Option<PathBuf>,
    /// Give a property a value in place of the template's; may be given several times
    #[arg(short, long, value_name = "NAME=VALUE")]
    property: Vec<Parameter>,
}

impl OverrideArguments {
    /// Reads the properties.
    pub(super) fn read(&self) -> Result<Option<Map>, Failure> {
        if !self.is_given() {
            return Ok(None);
        }
        let mut map = match &self.properties {
            Some(path) => read_parameters(path)?,
            None => Map::new(),
        };
        for Parameter { name, value } in &self.property {
            replace(&mut map, name, Value::String(value.clone()));
        }
        Ok(Some(map))
    }

    /// Tells whether there are any.
    pub(super) fn is_given(&self) -> bool {
        self.properties.is_some() || !self.property.is_empty()
    }
}

/// Sends a request and goes on with the execution if nobody does and that is wanted.
pub(super) fn send(
    arguments: &SignalArguments,
    request: Request,
    session: &mut Session,
) -> Outcome {
    send_for(arguments, (request, None), session)
}

/// Sends a request that is for one plan.
pub(super) fn send_for(
    arguments: &SignalArguments,
    (request, plan): (Request, Option<Digest>),
    session: &mut Session,
) -> Outcome {
    let messenger = Messenger::open(&session.settings)?;
    let (id, sent) = messenger.wait(async {
        let runner = messenger.runner();
        let id = client::find(runner.store(), &arguments.id)
            .await?
            .execution_id;
        let signal = Signal {
            by: environment::user_name(),
            note: arguments.note.clone(),
            request,
            plan,
            number: None,
        };
        let sent = runner.signal(&id, &signal).await;
        Ok::<_, Failure>((id, sent))
    })?;
    match sent {
        Ok(()) => {
            session.output.note(format_args!("`{id}` has taken this."));
            Ok(Exit::Success)
        }
        Err(SignalError::Nobody(_)) if arguments.resume || wants_to_go_on(&id, session) => {
            drop(messenger);
            let (workshop, _) = Workshop::open_for(&session.settings, id.as_str())?;
            let root = id.root();
            let going_on = drive(workshop.runner(), &root, Story::FromNow, false, session);
            workshop.wait(going_on)
        }
        Err(SignalError::Nobody(_)) => {
            session.output.note(format_args!(
                "This is recorded. Nobody works on the execution now; go on with:\n  \
                 oos resume {}",
                id.root()
            ));
            Ok(Exit::Success)
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks whether to work on the execution here.
fn wants_to_go_on(id: &ExecutionId, session: &Session) -> bool {
    session.output.can_ask()
        && Confirm::new(&format!("Nobody works on {id} now. Go on with it here?"))
            .with_default(true)
            .prompt()
            // Escape, Ctrl-C and a terminal that is gone all mean no.
            .unwrap_or(false)
}
