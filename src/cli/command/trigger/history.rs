//! `oos trigger history`.

use clap::Args;

use crate::cli::client::Client;
use crate::cli::command::trigger::list::outcome;
use crate::cli::command::trigger::which::{TriggerArgument, find_trigger};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{Output, Role, Table, TableCell, local, status_cell};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::store::FiringView;

/// Arguments of `oos trigger history`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    trigger: TriggerArgument,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: usize,
}

impl Arguments {
    /// Prints the history.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        let firings = client.wait(async {
            let trigger = find_trigger(client.store(), &self.trigger).await?;
            let limit = self.limit.max(1);
            Ok::<_, Failure>(client.store().firings(&trigger.execution_id, limit).await?)
        })?;
        match session.output.format() {
            Format::Text => print_firings(&firings, &mut session.output)?,
            Format::Json | Format::Yaml => session.output.document(&firings)?,
        }
        Ok(Exit::Success)
    }
}

/// Prints what became of times.
pub(super) fn print_firings(firings: &[FiringView], output: &mut Output) -> Result<(), Failure> {
    if firings.is_empty() {
        output.note("It has not been fired yet.");
        return Ok(());
    }
    let mut table = Table::new(output, &["TIME", "DECIDED", "OUTCOME", "EXECUTION", "NOTE"]);
    for firing in firings {
        let outcome = match firing.status {
            Some(status) => status_cell(status),
            None => TableCell::of(Role::Attention, format!("- {}", outcome(firing))),
        };
        let execution = firing.execution_id.as_ref().map(ToString::to_string);
        table.row(vec![
            TableCell::from(times(firing)),
            TableCell::from(local(firing.date)),
            outcome,
            TableCell::of(Role::Strong, execution.unwrap_or_default()),
            TableCell::from(&firing.note),
        ]);
    }
    table.print(output)?;
    Ok(())
}

fn times(firing: &FiringView) -> String {
    match (firing.nominal_time, firing.until_time) {
        (Some(first), Some(last)) if firing.count > 1 => {
            format!(
                "{} times, {} to {}",
                firing.count,
                local(first),
                local(last)
            )
        }
        (Some(first), _) => local(first),
        (None, _) => "by hand".to_owned(),
    }
}
