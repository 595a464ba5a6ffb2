//! `oos trigger fire`: any monitor can start a runbook from its shell hook.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};

use crate::base::value::Value;
use crate::cli::brake::require_room;
use crate::cli::calendars::blackout;
use crate::cli::client;
use crate::cli::command::trigger::which::{TriggerArgument, find_trigger};
use crate::cli::drive::{Story, drive};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::workshop::Workshop;
use crate::engine::event::TriggerKind;
use crate::runner::trigger::{FireError, accept, nominal_event};

/// Arguments of `oos trigger fire`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    trigger: TriggerArgument,
    /// What it is; refused if the trigger waits for something else
    #[arg(long = "type", value_name = "TYPE", value_enum)]
    kind: Option<KindWord>,
    /// The event or alarm, as JSON; - reads standard input, @FILE a file
    #[arg(long, value_name = "JSON")]
    content: Option<String>,
}

/// What fires a trigger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum KindWord {
    /// The clock, without waiting for it
    Timer,
    /// An event
    Event,
    /// An alarm
    Alarm,
}

impl From<KindWord> for TriggerKind {
    fn from(word: KindWord) -> Self {
        match word {
            KindWord::Timer => Self::Timer,
            KindWord::Event => Self::Event,
            KindWord::Alarm => Self::Alarm,
        }
    }
}

impl Arguments {
    /// Starts what the trigger starts; works on it unless somebody serves.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        require_room(&session.settings)?;
        let content = self.content()?;
        let hold = blackout(&session.settings.calendars)?;
        let workshop = Workshop::open(&session.settings)?;
        let runner = workshop.runner();
        workshop.wait(async {
            let trigger = find_trigger(runner.store(), &self.trigger).await?;
            let id = &trigger.execution_id;
            if trigger.status.is_final() {
                let status = trigger.status.as_str();
                return Err(Failure::refused(anyhow!(
                    "`{id}` has ended with status {status}"
                )));
            }
            if let Some(kind) = self.kind.map(TriggerKind::from)
                && kind != trigger.trigger_type
            {
                let waits = trigger.trigger_type.as_str();
                let kind = kind.as_str();
                return Err(Failure::refused(anyhow!(
                    "`{id}` waits for its {waits} trigger, and this is of type {kind}"
                )));
            }
            let now = client::now();
            let event = content.unwrap_or_else(|| nominal_event(now, now));
            let event = accept(trigger.trigger_type, &trigger.settings, event)
                .map_err(|refusal| Failure::refused(anyhow!(refusal)))?;
            let fuse = runner.fuse(id).await?;
            let fired = runner.fire(&fuse, None, event, hold).await;
            let fired = fired.map_err(|error| match error {
                FireError::Runner(error) => error.into(),
                passed @ FireError::Passed { .. } => Failure::refused(passed),
            })?;
            if runner.store().is_attended()? {
                match session.output.format() {
                    Format::Text => session.output.line(&fired)?,
                    Format::Json | Format::Yaml => session
                        .output
                        .document(&serde_json::json!({ "ExecutionId": fired }))?,
                }
                let hint = format!("It is worked on by who serves.\n  oos logs {fired} --follow");
                session.output.note(hint);
                return Ok(Exit::Success);
            }
            drive(runner, &fired, Story::Whole, false, session).await
        })
    }

    fn content(&self) -> Result<Option<Value>, Failure> {
        let Some(content) = &self.content else {
            return Ok(None);
        };
        let text = match content.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(PathBuf::from(path))
                .with_context(|| format!("`{path}` cannot be read"))
                .map_err(Failure::usage)?,
            None if content == "-" => std::io::read_to_string(std::io::stdin())
                .context("standard input cannot be read")
                .map_err(Failure::usage)?,
            None => content.clone(),
        };
        let value = serde_json::from_str(&text).context("`--content` is no JSON");
        value.map(Some).map_err(Failure::usage)
    }
}
