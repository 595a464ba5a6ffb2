//! `oos events`: the journal of an execution.

use clap::Args;
use serde_json::Value;

use crate::cli::client::Client;
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::option::ExecutionArgument;
use crate::cli::output::{Role, local};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::engine::event::Event;

/// How many events are read at once.
const PAGE: usize = 1000;

/// Arguments of `oos events`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    execution: ExecutionArgument,
    /// Only events behind this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
}

impl Arguments {
    /// Prints the events; as data one document a line, since journals may be long.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        let id = client.execution(&self.execution.id)?.execution_id;
        let mut after = self.after;
        loop {
            let page = client.wait(client.store().events(&id, after, PAGE))?;
            let Some((last, _)) = page.last() else {
                return Ok(Exit::Success);
            };
            after = *last;
            for (number, event) in &page {
                print(*number, event, session)?;
            }
        }
    }
}

fn print(number: u64, event: &Event, session: &mut Session) -> Result<(), Failure> {
    let mut document = serde_json::to_value(event).map_err(Failure::internal)?;
    let Value::Object(fields) = &mut document else {
        unreachable!("an event is written as a map")
    };
    let output = &mut session.output;
    match output.format() {
        Format::Json | Format::Yaml => {
            fields.insert("seq".to_owned(), number.into());
            output.record(&document)?;
        }
        Format::Text => {
            fields.remove("at");
            let kind = fields.remove("type").unwrap_or_default();
            let kind = output.paint(Role::Strong, kind.as_str().unwrap_or_default());
            let details = if fields.is_empty() {
                String::new()
            } else {
                document.to_string()
            };
            let line = format!("{number:>5}  {}  {kind}  {details}", local(event.at));
            output.line(line.trim_end())?;
        }
    }
    Ok(())
}
