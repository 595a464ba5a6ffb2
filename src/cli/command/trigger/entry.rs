//! The subcommands of `oos trigger`.

use clap::{Args, Subcommand};

use crate::cli::command::trigger::{create, fire, history, list, next, say, show};
use crate::cli::session::{Outcome, Session};
use crate::engine::event::Request;

/// Arguments of `oos trigger`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: TriggerCommand,
}

#[derive(Debug, Subcommand)]
enum TriggerCommand {
    /// List triggers: what fires them, when next, what came of the last time
    List(list::Arguments),
    /// Show a trigger, its next times and what came of the last ones
    Show(show::Arguments),
    /// Run a template by the clock
    Create(Box<create::Arguments>),
    /// End a trigger; what it has started goes on
    Delete(say::Arguments),
    /// Let a trigger fire nothing until it is resumed
    Pause(say::Arguments),
    /// Let a paused trigger go on
    Resume(say::Arguments),
    /// Show the times at which a trigger fires, or an expression would
    Next(next::Arguments),
    /// Fire a trigger: with an event, an alarm, or without waiting for its time
    Fire(fire::Arguments),
    /// Show what became of the times of a trigger, newest first
    History(history::Arguments),
}

impl Arguments {
    /// Does it.
    pub(in crate::cli::command) fn run(self, session: &mut Session) -> Outcome {
        match self.command {
            TriggerCommand::List(arguments) => arguments.run(session),
            TriggerCommand::Show(arguments) => arguments.run(session),
            TriggerCommand::Create(arguments) => arguments.run(session),
            TriggerCommand::Delete(arguments) => arguments.run(Request::Cancel, session),
            TriggerCommand::Pause(arguments) => arguments.run(Request::PauseTrigger, session),
            TriggerCommand::Resume(arguments) => arguments.run(Request::ResumeTrigger, session),
            TriggerCommand::Next(arguments) => arguments.run(session),
            TriggerCommand::Fire(arguments) => arguments.run(session),
            TriggerCommand::History(arguments) => arguments.run(session),
        }
    }
}
