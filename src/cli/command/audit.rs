//! `oos audit`: who did what.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::base::value::{Value, text};
use crate::cli::client::Client;
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{Role, Table, TableCell, counted, local};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::store::audit::{
    Audit as _, AuditHead, AuditRecord, AuditReport, Chain, from_line, to_line,
};
use crate::store::sqlite::{DATABASE_FILE, verify_file};

/// How many records are read at once.
const PAGE: usize = 1000;

/// What every database file begins with.
const DATABASE: &[u8; 16] = b"SQLite format 3\0";

/// The details that a table has room for, in this order.
const SHOWN: [&str; 6] = [
    "template_name",
    "repeats",
    "task",
    "status",
    "version",
    "note",
];

/// Arguments of `oos audit`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// List what people did, newest last
    List {
        /// Only what was done to this: an execution, a template, a secret
        subject: Option<String>,
        /// Only what this user did
        #[arg(long, value_name = "USER")]
        by: Option<String>,
        /// Only the newest so many
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        limit: usize,
    },
    /// Find records that were changed, left out or moved
    Verify {
        /// A database file or exported records; those of the data directory when not given
        file: Option<PathBuf>,
        /// The head that an earlier check printed: the record of that number must be the same
        #[arg(long, value_name = "NUMBER:DIGEST")]
        expect: Option<AuditHead>,
    },
    /// Print all records, one JSON document a line
    Export,
}

impl Arguments {
    /// Does it.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        match self.command {
            AuditCommand::List { subject, by, limit } => {
                list(subject.as_deref(), by.as_deref(), limit.max(1), session)
            }
            AuditCommand::Verify { file, expect } => verify(file, expect, session),
            AuditCommand::Export => export(session),
        }
    }
}

/// Hands every record to `take`, in order.
fn each(
    client: &Client,
    mut take: impl FnMut(AuditRecord) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let store = client.sqlite();
    let mut after = 0;
    loop {
        let page = client.wait(store.audit(after, PAGE))?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.number;
        for record in page {
            take(record)?;
        }
    }
}

fn list(subject: Option<&str>, by: Option<&str>, limit: usize, session: &mut Session) -> Outcome {
    let client = Client::open(&session.settings)?;
    // What is no execution is the name of something else.
    let subject = subject.map(|text| match client.execution(text) {
        Ok(view) => view.execution_id.to_string(),
        Err(_) => text.to_owned(),
    });
    let mut found = VecDeque::new();
    each(&client, |record| {
        let wanted = subject
            .as_ref()
            .is_none_or(|subject| record.subject == *subject)
            && by.is_none_or(|by| record.actor == by);
        if wanted {
            found.push_back(record);
        }
        if found.len() > limit {
            found.pop_front();
        }
        Ok(())
    })?;
    let output = &mut session.output;
    if output.format() != Format::Text {
        output.document(&found)?;
        return Ok(Exit::Success);
    }
    if found.is_empty() {
        output.note("There are no such records.");
        return Ok(Exit::Success);
    }
    let headings = [
        "NUMBER", "TIME", "WHO", "FROM", "ACTION", "SUBJECT", "DETAIL",
    ];
    let mut table = Table::new(output, &headings);
    for record in &found {
        table.row(vec![
            TableCell::from(record.number),
            TableCell::from(local(record.at)),
            TableCell::from(&record.actor),
            TableCell::of(Role::Faint, &record.origin),
            TableCell::of(Role::Strong, &record.action),
            TableCell::from(&record.subject),
            TableCell::from(words(record)),
        ]);
    }
    table.print(output)?;
    Ok(Exit::Success)
}

/// Returns the details that fit into a table.
fn words(record: &AuditRecord) -> String {
    let words: Vec<String> = SHOWN
        .iter()
        .filter_map(|key| record.detail_value(key))
        .filter(|value| !matches!(value, Value::Array(_) | Value::Object(_)))
        .map(|value| text(&value))
        .collect();
    words.join(", ")
}

fn export(session: &mut Session) -> Outcome {
    let client = Client::open(&session.settings)?;
    let output = &mut session.output;
    let mut head = None;
    each(&client, |record| {
        head = Some(record.head());
        Ok(output.line(to_line(&record))?)
    })?;
    if let Some(head) = head {
        output.note(format_args!("The head is {head}"));
    }
    Ok(Exit::Success)
}

fn verify(file: Option<PathBuf>, expect: Option<AuditHead>, session: &mut Session) -> Outcome {
    let path = file.unwrap_or_else(|| session.settings.data_dir.join(DATABASE_FILE));
    let report = if is_database(&path)? {
        verify_file(&path, expect)?
    } else {
        verify_lines(&path, expect)?
    };
    let output = &mut session.output;
    if output.format() == Format::Text {
        print(&report, session)?;
    } else {
        output.document(&report)?;
    }
    Ok(if report.flaws.is_empty() {
        Exit::Success
    } else {
        Exit::Failed
    })
}

fn print(report: &AuditReport, session: &mut Session) -> Result<(), Failure> {
    let output = &mut session.output;
    for flaw in &report.flaws {
        let number = output.paint(Role::Bad, &format!("record {}", flaw.number));
        output.line(format_args!("{number}: {}", flaw.problem))?;
    }
    if report.not_compared > 0 {
        let count = usize::try_from(report.not_compared).unwrap_or(usize::MAX);
        output.note(format_args!(
            "The journals of {} cannot be read here and were not compared.",
            counted(count, "execution")
        ));
    }
    let records = usize::try_from(report.records).unwrap_or(usize::MAX);
    match &report.head {
        Some(head) if report.flaws.is_empty() => {
            output.line(format_args!(
                "{} whole. The head is {head}",
                counted(records, "record")
            ))?;
        }
        _ => output.note(format_args!(
            "{} whole, then it breaks.",
            counted(records, "record")
        )),
    }
    Ok(())
}

fn is_database(path: &Path) -> Result<bool, Failure> {
    let mut beginning = Vec::new();
    open(path)?
        .take(DATABASE.len() as u64)
        .read_to_end(&mut beginning)?;
    Ok(beginning == DATABASE)
}

fn verify_lines(path: &Path, expect: Option<AuditHead>) -> Result<AuditReport, Failure> {
    let mut chain = Chain::new(expect);
    for line in BufReader::new(open(path)?).split(b'\n') {
        let record = String::from_utf8(line?)
            .map_err(|_| "it is no text".to_owned())
            .and_then(|line| from_line(&line));
        let is_whole = match &record {
            Ok(record) => chain.follow(Ok(record)),
            Err(problem) => chain.follow(Err(problem.clone())),
        };
        if !is_whole {
            break;
        }
    }
    Ok(chain.finish())
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path)
        .with_context(|| format!("cannot read `{}`", path.display()))
        .map_err(|error| {
            Failure::usage(error).hinted("Name a database file or records that were exported.")
        })
}
