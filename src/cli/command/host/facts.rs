//! `oos host facts`: what hosts say of themselves.

use clap::Args;
use serde::Serialize;

use crate::cli::command::host::answer::{Trouble, ask, outcome};
use crate::cli::global::Format;
use crate::cli::output::{Output, Role, Table, TableCell};
use crate::cli::session::{Outcome, Session};
use crate::cli::targets::WORDS_HELP;
use crate::provider::local::driver::ssh::Facts;

/// Arguments of `oos host facts`.
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
    facts: Option<Facts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Trouble>,
}

impl Arguments {
    /// Asks the hosts and prints what they say.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let answers = ask(
            &self.words,
            |hosts, host| async move { hosts.facts(&host).await },
            session,
        )?;
        let rows: Vec<Row> = answers
            .into_iter()
            .map(|(name, answer)| {
                let (facts, error) = match answer {
                    Ok(facts) => (Some(facts), None),
                    Err(error) => (None, Some(error)),
                };
                Row { name, facts, error }
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
    let names = [
        "NAME", "SYSTEM", "KERNEL", "CORES", "MEMORY", "UP", "LOAD", "HAS",
    ];
    let mut table = Table::new(output, &names);
    for row in rows {
        let mut cells = vec![TableCell::of(Role::Strong, &row.name)];
        match (&row.facts, &row.error) {
            (Some(facts), _) => cells.extend(columns(facts).map(TableCell::from)),
            (None, error) => {
                let problem = error.as_ref().map(ToString::to_string).unwrap_or_default();
                cells.push(TableCell::from(problem));
                cells.extend((2..names.len()).map(|_| TableCell::from("")));
            }
        }
        table.row(cells);
    }
    table.print(output)
}

fn columns(facts: &Facts) -> [String; 7] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let memory = facts.memory.map(|kib| format!("{} MiB", kib / 1024));
    let up = facts.uptime.map(|seconds| match seconds {
        0..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    });
    [
        text(&facts.os),
        text(&facts.kernel),
        number(facts.cores),
        memory.unwrap_or_default(),
        up.unwrap_or_default(),
        facts.load.map(|load| load.to_string()).unwrap_or_default(),
        facts.tools.join(", "),
    ]
}
