//! `oos trigger list`.

use std::io;

use clap::Args;
use serde_json::{Value, json};

use crate::base::time::utc_text;
use crate::cli::client::{self, Client};
use crate::cli::command::trigger::which::{next_time, when};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{Role, Table, TableCell, local, status_cell};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::store::{FiringView, TriggerView};

/// Arguments of `oos trigger list`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Those that have ended as well
    #[arg(long)]
    all: bool,
}

impl Arguments {
    /// Prints the list.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        let found = client.wait(async {
            let store = client.store();
            let mut found = Vec::new();
            for trigger in store.triggers(self.all).await? {
                let last = store.firings(&trigger.execution_id, 1).await?.pop();
                found.push((trigger, last));
            }
            Ok::<_, Failure>(found)
        })?;
        match session.output.format() {
            Format::Text => print(&found, session)?,
            Format::Json | Format::Yaml => {
                let documents: Vec<Value> = found
                    .iter()
                    .map(|(trigger, last)| document(trigger, last.as_ref()))
                    .collect::<Result<_, _>>()?;
                session.output.document(&documents)?;
            }
        }
        Ok(Exit::Success)
    }
}

/// Returns a trigger as one object, with OOS's names for its times.
pub(super) fn document(trigger: &TriggerView, last: Option<&FiringView>) -> io::Result<Value> {
    let mut document = serde_json::to_value(trigger)?;
    if let Value::Object(fields) = &mut document {
        let next = next_time(trigger, client::now());
        fields.insert("NextScheduleTime".into(), json!(next.map(utc_text)));
        let time = last.map(|last| utc_text(last.date));
        fields.insert("LastTriggerTime".into(), json!(time));
        let status = last.and_then(|last| last.status);
        fields.insert("LastTriggerStatus".into(), serde_json::to_value(status)?);
    }
    Ok(document)
}

fn print(
    found: &[(TriggerView, Option<FiringView>)],
    session: &mut Session,
) -> Result<(), Failure> {
    let output = &mut session.output;
    if found.is_empty() {
        output.note("There are no triggers.");
        return Ok(());
    }
    let now = client::now();
    let headings = ["ID", "TEMPLATE", "TYPE", "WHEN", "STATUS", "NEXT", "LAST"];
    let mut table = Table::new(output, &headings);
    for (trigger, last) in found {
        let status = if trigger.paused {
            TableCell::of(Role::Attention, "‖ Paused")
        } else {
            status_cell(trigger.status)
        };
        let next = next_time(trigger, now).map(local);
        table.row(vec![
            TableCell::of(Role::Strong, trigger.execution_id.as_str()),
            TableCell::from(&trigger.template_name),
            TableCell::from(trigger.trigger_type.as_str()),
            TableCell::from(when(trigger)),
            status,
            TableCell::from(next.unwrap_or_default()),
            TableCell::from(last.as_ref().map(outcome).unwrap_or_default()),
        ]);
    }
    table.print(output)?;
    Ok(())
}

/// Returns what became of a time, in a word.
pub(super) fn outcome(firing: &FiringView) -> String {
    match (firing.status, firing.cause) {
        (Some(status), _) => status.as_str().to_owned(),
        (None, Some(cause)) => cause.as_str().to_owned(),
        (None, None) => "Deleted".to_owned(),
    }
}
