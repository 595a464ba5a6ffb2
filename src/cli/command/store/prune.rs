//! `oos store prune`: removes what has ended, as a person says or as is configured.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use serde::Serialize;

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::cli::client::{self, Client};
use crate::cli::environment::user_name;
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{Role, Table, TableCell, bytes, counted, local};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::config::Settings;
use crate::config::keep::{Bytes, age};
use crate::runner::retention::{Going, Keep, Limits, Plan, Question, carry_out, plan};
use crate::store::{KeptFor, Part, RemovalCause};

/// Arguments of `oos store prune`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only show what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Remove what ended longer ago, such as 30d or 12h
    #[arg(long, value_name = "TIME", value_parser = age)]
    older_than: Option<Duration>,
    /// Remove all but the newest so many
    #[arg(long, value_name = "NUMBER")]
    keep: Option<usize>,
    /// Remove the oldest until all takes no more room than this, such as 2GiB
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<Bytes>,
    /// Remove only what commands printed
    #[arg(long)]
    logs_only: bool,
    /// Write the file anew, so that all free room goes back to the disk; others wait meanwhile, and it
    /// takes as much room again for a moment
    #[arg(long, conflicts_with = "dry_run")]
    compact: bool,
}

/// What was removed, or would be.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    dry_run: bool,
    removed: Vec<Row>,
    kept: Vec<KeptRow>,
    bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    execution_id: ExecutionId,
    template_name: String,
    end_date: Timestamp,
    part: Part,
    cause: RemovalCause,
    bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeptRow {
    execution_id: ExecutionId,
    template_name: String,
    part: Part,
    reason: KeptFor,
}

impl Arguments {
    /// Shows what goes, and removes it.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let keep = self.keep(&session.settings)?;
        let client = Client::open(&session.settings)?;
        let user = user_name();
        let mut document = Document {
            dry_run: self.dry_run,
            removed: Vec::new(),
            kept: Vec::new(),
            bytes: 0,
        };
        for part in [Part::History, Part::Logs] {
            let plan = client.wait(plan(client.store(), &question(part, keep.of(part))))?;
            document.add(part, &plan);
            if !self.dry_run {
                let removing = carry_out(client.store(), part, &plan, &user, Duration::ZERO);
                client.wait(removing)?;
            }
        }
        if self.compact {
            client.sqlite().compact()?;
        }
        document.print(session)
    }

    /// Returns what is to be kept: as the command line says, or else as is configured.
    fn keep(&self, settings: &Settings) -> Result<Keep, Failure> {
        let limits = Limits {
            age: self.older_than,
            count: self.keep,
            bytes: self.max_bytes.map(|bytes| bytes.0),
        };
        let mut keep = Keep::default();
        if limits.is_empty() {
            keep.logs = settings.keep.logs;
            if !self.logs_only {
                keep.history = settings.keep.history;
            }
        } else if self.logs_only {
            keep.logs = limits;
        } else {
            keep.history = limits;
        }
        if keep == Keep::default() && !self.compact {
            return Err(
                Failure::usage(anyhow!("nothing says what is to be removed")).hinted(
                    "Name `--older-than`, `--keep` or `--max-bytes`, or configure `keep-history` or \
                     `keep-logs`.",
                ),
            );
        }
        Ok(keep)
    }
}

fn question(part: Part, limits: Limits) -> Question {
    Question {
        part,
        limits,
        now: client::now(),
        // Who prunes says what goes.
        settled: Duration::ZERO,
        after: None,
        most: usize::MAX,
        measure: true,
    }
}

impl Document {
    fn add(&mut self, part: Part, plan: &Plan) {
        let told = self.removed.iter().map(|row| row.execution_id.clone());
        let told: BTreeSet<ExecutionId> = told.collect();
        for Going { view, cause, bytes } in &plan.going {
            // Its logs go with its history.
            if told.contains(&view.execution_id) {
                continue;
            }
            let bytes = bytes.unwrap_or_default();
            self.bytes += bytes;
            self.removed.push(Row {
                execution_id: view.execution_id.clone(),
                template_name: view.template_name.clone(),
                end_date: view.end_date,
                part,
                cause: *cause,
                bytes,
            });
        }
        let kept = plan.kept.iter().filter_map(|view| {
            Some(KeptRow {
                execution_id: view.execution_id.clone(),
                template_name: view.template_name.clone(),
                part,
                reason: view.kept?,
            })
        });
        self.kept.extend(kept);
    }

    fn print(&self, session: &mut Session) -> Outcome {
        let output = &mut session.output;
        if output.format() != Format::Text {
            output.document(self)?;
            return Ok(Exit::Success);
        }
        if !self.removed.is_empty() || !self.kept.is_empty() {
            let mut table = Table::new(
                output,
                &["EXECUTION", "TEMPLATE", "ENDED", "PART", "WHY", "SIZE"],
            );
            for row in &self.removed {
                table.row(vec![
                    TableCell::of(Role::Strong, row.execution_id.to_string()),
                    TableCell::from(&row.template_name),
                    TableCell::from(local(row.end_date)),
                    TableCell::from(row.part.as_str()),
                    TableCell::from(words(row.cause)),
                    TableCell::from(bytes(row.bytes)),
                ]);
            }
            for row in &self.kept {
                table.row(vec![
                    TableCell::of(Role::Faint, row.execution_id.to_string()),
                    TableCell::from(&row.template_name),
                    TableCell::from(""),
                    TableCell::from(row.part.as_str()),
                    TableCell::from(format!("stays: {}", row.reason)),
                    TableCell::from(""),
                ]);
            }
            table.print(output)?;
        }
        let went = counted(self.removed.len(), "entry").replace("entrys", "entries");
        let about = bytes(self.bytes);
        output.note(match (self.dry_run, self.removed.is_empty()) {
            (_, true) => "There is nothing to remove.".to_owned(),
            (true, false) => format!("{went} would be removed, about {about}."),
            (false, false) => format!("{went} removed, about {about}."),
        });
        Ok(Exit::Success)
    }
}

/// Returns why something goes, for a table.
fn words(cause: RemovalCause) -> &'static str {
    match cause {
        RemovalCause::Age => "too old",
        RemovalCause::Count => "beyond the newest",
        RemovalCause::Bytes => "too much room",
    }
}
