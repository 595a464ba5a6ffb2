//! `oos trigger show`.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::client::{self, Client};
use crate::cli::command::trigger::history::print_firings;
use crate::cli::command::trigger::list::{document, outcome};
use crate::cli::command::trigger::which::{TriggerArgument, find_trigger, next_time, when};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{Role, local, print_map};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::store::{FiringView, TriggerView};

/// How many of the last firings are shown.
const SHOWN: usize = 10;

/// How many firings are counted.
const COUNTED: usize = 1_000;

/// Arguments of `oos trigger show`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    trigger: TriggerArgument,
}

impl Arguments {
    /// Prints the trigger.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        let (trigger, firings, is_attended) = client.wait(async {
            let store = client.store();
            let trigger = find_trigger(store, &self.trigger).await?;
            let firings = store.firings(&trigger.execution_id, COUNTED).await?;
            Ok::<_, Failure>((trigger, firings, store.is_attended()?))
        })?;
        match session.output.format() {
            Format::Text => print(&trigger, &firings, is_attended, session)?,
            Format::Json | Format::Yaml => {
                let mut shown = document(&trigger, firings.first())?;
                if let Value::Object(fields) = &mut shown {
                    fields.insert("Counters".into(), json!(counters(&firings)));
                    fields.insert("Served".into(), is_attended.into());
                    let last = &firings[..firings.len().min(SHOWN)];
                    fields.insert("Firings".into(), json!(last));
                }
                session.output.document(&shown)?;
            }
        }
        Ok(Exit::Success)
    }
}

/// Counts what became of the newest times, by outcome.
fn counters(firings: &[FiringView]) -> BTreeMap<String, u64> {
    let mut counters = BTreeMap::new();
    for firing in firings {
        *counters.entry(outcome(firing)).or_default() += firing.count;
    }
    counters
}

fn print(
    trigger: &TriggerView,
    firings: &[FiringView],
    is_attended: bool,
    session: &mut Session,
) -> Result<(), Failure> {
    let output = &mut session.output;
    let id = output.paint(Role::Strong, trigger.execution_id.as_str());
    let status = if trigger.paused {
        "Paused"
    } else {
        trigger.status.as_str()
    };
    output.line(format_args!("{id}  {status}"))?;
    output.line(format_args!("Template  {}", trigger.template_name))?;
    output.line(format_args!(
        "When      {} {}",
        trigger.trigger_type.as_str(),
        when(trigger)
    ))?;
    let next = next_time(trigger, client::now()).map(local);
    if let Some(next) = next {
        output.line(format_args!("Next      {next}"))?;
    }
    output.line(format_args!(
        "Started   {} by {}",
        local(trigger.start_date),
        trigger.executed_by
    ))?;
    print_map("Settings", &trigger.settings, output)?;
    let counters = counters(firings);
    if !counters.is_empty() {
        let words: Vec<String> = counters
            .iter()
            .map(|(word, number)| format!("{number} {word}"))
            .collect();
        output.line(format_args!("\nSo far: {}", words.join(", ")))?;
        print_firings(&firings[..firings.len().min(SHOWN)], output)?;
    }
    if !is_attended && !trigger.status.is_final() {
        output.note("Nobody serves this data directory: start `oos serve`.");
    }
    Ok(())
}
