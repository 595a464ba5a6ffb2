//! `oos host history`: the time line of a host.

use clap::Args;

use crate::cli::client::{self, Client};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::instant::instant;
use crate::cli::output::{
    Role, Table, TableCell, between, duration, harmless_line, local, status_cell,
};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::store::view::{CommandFilter, CommandView};

/// Arguments of `oos host history`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The host, or the id of an instance
    #[arg(value_name = "HOST")]
    host: String,
    /// Only commands started since then: a time, or a span such as 2h
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: usize,
}

impl Arguments {
    /// Prints the commands.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        let since = self
            .since
            .map(|text| instant(&text, client::now()))
            .transpose()?;
        let filter = CommandFilter {
            target: self.host,
            since,
            limit: self.limit.max(1),
        };
        let found = client.wait(client.store().commands(&filter))?;
        match session.output.format() {
            Format::Text => print(&found, session)?,
            Format::Json | Format::Yaml => session.output.document(&found)?,
        }
        Ok(Exit::Success)
    }
}

fn print(found: &[CommandView], session: &mut Session) -> Result<(), Failure> {
    let output = &mut session.output;
    if found.is_empty() {
        output.note("There are no such commands.");
        return Ok(());
    }
    let now = client::now();
    let headings = [
        "STARTED",
        "STATUS",
        "EXIT",
        "DURATION",
        "BY",
        "EXECUTION",
        "TASK",
        "TEMPLATE",
    ];
    let mut table = Table::new(output, &headings);
    for command in found {
        let end = command.end_date.unwrap_or(now);
        let exit = command.exit_code.map(|code| code.to_string());
        table.row(vec![
            TableCell::from(local(command.start_date)),
            status_cell(command.status),
            TableCell::from(exit.unwrap_or_else(|| harmless_line(&command.code))),
            TableCell::from(duration(between(command.start_date, end))),
            TableCell::from(&command.executed_by),
            TableCell::of(Role::Strong, command.execution_id.as_str()),
            TableCell::from(task(command)),
            TableCell::from(&command.template_name),
        ]);
    }
    table.print(output)?;
    Ok(())
}

/// Returns the task, with the attempt if it is not the first.
fn task(command: &CommandView) -> String {
    let item = command.loop_index.map(|item| format!("[{item}]"));
    let item = item.unwrap_or_default();
    match command.attempt {
        1 => format!("{}{item}", command.task_name),
        attempt => format!("{}{item} ({attempt})", command.task_name),
    }
}
