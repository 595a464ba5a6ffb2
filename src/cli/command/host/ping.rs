//! `oos host ping`: which hosts can be logged in to, and how long that takes.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::cli::command::host::answer::{Trouble, ask, outcome};
use crate::cli::global::Format;
use crate::cli::output::{Output, Role, Table, TableCell};
use crate::cli::session::{Outcome, Session};
use crate::cli::targets::WORDS_HELP;

/// Arguments of `oos host ping`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[arg(value_name = "WORDS", help = WORDS_HELP, default_value = "all")]
    words: Vec<String>,
}

/// What came of one host.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Trouble>,
}

impl Arguments {
    /// Asks the hosts and prints what came of it.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let answers = ask(
            &self.words,
            |hosts, host| async move { hosts.ping(&host).await },
            session,
        )?;
        let rows: Vec<Row> = answers
            .into_iter()
            .map(|(name, answer)| {
                let milliseconds = answer.as_ref().map(Duration::as_millis).ok();
                let error = answer.err();
                Row {
                    name,
                    milliseconds,
                    error,
                }
            })
            .collect();
        let failed = rows.iter().filter(|row| row.error.is_some()).count();
        print(&rows, &mut session.output)?;
        Ok(outcome(rows.len(), failed, &mut session.output))
    }
}

fn print(rows: &[Row], output: &mut Output) -> std::io::Result<()> {
    if output.format() != Format::Text {
        return output.document(&rows);
    }
    let mut table = Table::new(output, &["NAME", "TIME", "PROBLEM"]);
    for row in rows {
        let time = row.milliseconds.map(|time| format!("{time} ms"));
        let problem = row.error.as_ref().map(ToString::to_string);
        table.row(vec![
            TableCell::of(Role::Strong, &row.name),
            TableCell::from(time.unwrap_or_default()),
            TableCell::from(problem.unwrap_or_default()),
        ]);
    }
    table.print(output)
}
