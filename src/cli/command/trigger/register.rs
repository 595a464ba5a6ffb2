//! Starts an execution that waits for its trigger, and says what fires it.

use crate::cli::client;
use crate::cli::command::trigger::list::document;
use crate::cli::command::trigger::which::{next_time, when};
use crate::cli::drive::{Story, drive};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::local;
use crate::cli::refusal::refused;
use crate::cli::session::{Outcome, Session};
use crate::runner::{DriveOptions, Prepared, Runner, RunnerError};
use crate::store::TriggerView;

/// Starts it and leaves: firing is the work of `oos serve`, or of `oos trigger fire`.
pub(in crate::cli::command) async fn register(
    runner: &Runner,
    prepared: &Prepared,
    session: &mut Session,
) -> Outcome {
    let started = runner.start(prepared).await;
    let id = started.map_err(|error| refused(error, &mut session.output))?;
    let options = DriveOptions {
        stop_when_waiting: true,
        ..DriveOptions::default()
    };
    match runner.drive(&id, options).await {
        // A daemon may have been faster.
        Ok(_) | Err(RunnerError::Owned(_)) => {}
        Err(error) => return Err(error.into()),
    }
    match runner.store().trigger(&id).await? {
        Some(trigger) if !trigger.status.is_final() => say(runner, &trigger, session),
        // It could not be read, or has no time any more.
        _ => drive(runner, &id, Story::Whole, true, session).await,
    }
}

fn say(runner: &Runner, trigger: &TriggerView, session: &mut Session) -> Outcome {
    let output = &mut session.output;
    match output.format() {
        Format::Json | Format::Yaml => output.document(&document(trigger, None)?)?,
        Format::Text => {
            output.line(trigger.execution_id.as_str())?;
            let kind = trigger.trigger_type.as_str();
            output.note(format_args!(
                "Waits for its trigger: {kind} {}.",
                when(trigger)
            ));
            if let Some(next) = next_time(trigger, client::now()) {
                output.note(format_args!("Next time: {}", local(next)));
            }
        }
    }
    if !runner.store().is_attended()? {
        let hint =
            "Nobody serves this data directory. What fires by the clock is fired by:\n  oos serve";
        output.note(hint);
    }
    Ok(Exit::Success)
}
