//! `oos report`: what the commands of an execution came to on its targets, folded.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::client::Client;
use crate::cli::exit::Exit;
use crate::cli::fleet::{
    Extent, Words, csv_report, html_report, json_report, markdown_report, text_report,
};
use crate::cli::global::Format;
use crate::cli::option::{ExecutionArgument, NormalizeArguments};
use crate::cli::output::HarmlessJson;
use crate::cli::removed::logs_gone;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::runner::report::{Report, ReportRequest, read_report};

/// Arguments of `oos report`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    execution: ExecutionArgument,
    /// Only this task
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
    /// The form; that of the file's name, or text
    #[arg(long, value_name = "FORM", value_enum)]
    format: Option<Form>,
    #[command(flatten)]
    normalize: NormalizeArguments,
    /// Write the report into this file
    #[arg(short = 'O', long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// The forms of reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Form {
    /// For a terminal.
    Text,
    /// One page that needs nothing else.
    Html,
    /// A row a target; cells that spreadsheets would compute begin with an apostrophe.
    Csv,
    /// One exact document.
    Json,
    /// Markdown.
    Md,
}

impl Form {
    fn of_file(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "html" | "htm" => Self::Html,
            "csv" => Self::Csv,
            "json" => Self::Json,
            "md" => Self::Md,
            "txt" => Self::Text,
            _ => return None,
        })
    }

    /// Returns how many bytes of output a report of this form holds: of all groups, and of one.
    fn bytes(self) -> (usize, usize) {
        const KIB: usize = 1024;
        match self {
            Self::Text | Self::Md => (1024 * KIB, 16 * KIB),
            Self::Html => (8 * 1024 * KIB, 64 * KIB),
            Self::Json => (64 * 1024 * KIB, 1024 * KIB),
            // Its rows hold the output of every target, read while they are written.
            Self::Csv => (0, 0),
        }
    }
}

impl Arguments {
    /// Prints or writes the report.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        let view = client.execution(&self.execution.id)?;
        let removed = client.wait(client.store().removed(view.execution_id.root().as_str(), 1))?;
        if let Some(text) = removed.first().and_then(logs_gone) {
            session.output.note(text);
        }
        let form = self.form(session);
        let (output_bytes, group_bytes) = form.bytes();
        let request = ReportRequest {
            task: self.task,
            normal: self.normalize.normal(),
            output_bytes,
            group_bytes,
        };
        let report = client.wait(read_report(client.store(), view, &request))?;
        match self.file {
            Some(path) => {
                let words = Words(session.settings.language);
                write_file(&path, form, &report, &client, words)?;
                let targets = report.target_count();
                session.output.note(format_args!(
                    "The report of {targets} targets is in `{}`.",
                    path.display()
                ));
            }
            None => print(form, &report, &client, session)?,
        }
        Ok(Exit::Success)
    }

    fn form(&self, session: &Session) -> Form {
        let of_file = self.file.as_deref().and_then(Form::of_file);
        self.format
            .or(of_file)
            .unwrap_or(match session.output.format() {
                Format::Text => Form::Text,
                Format::Json | Format::Yaml => Form::Json,
            })
    }
}

/// Prints a report.
fn print(
    form: Form,
    report: &Report,
    client: &Client,
    session: &mut Session,
) -> Result<(), Failure> {
    let words = Words(session.settings.language);
    let output = &mut session.output;
    match form {
        Form::Text => output.text(&text_report(report, extent(words, output.has_color())))?,
        Form::Html => output.text(&html_report(report, words))?,
        Form::Md => output.text(&markdown_report(report, words))?,
        Form::Json => output.document(&json_report(report))?,
        Form::Csv => {
            let is_for_terminal = output.is_terminal();
            let table = csv_report(client.store(), report, is_for_terminal, output.data());
            client.wait(table)??;
        }
    }
    Ok(())
}

/// Writes a report into a file.
fn write_file(
    path: &Path,
    form: Form,
    report: &Report,
    client: &Client,
    words: Words,
) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        let text = format!("`{}` cannot be written", path.display());
        Failure::refused(anyhow::Error::new(error).context(text))
    };
    let mut file = BufWriter::new(File::create(path).map_err(failed)?);
    let written = match form {
        Form::Text => file.write_all(text_report(report, extent(words, false)).as_bytes()),
        Form::Html => file.write_all(html_report(report, words).as_bytes()),
        Form::Md => file.write_all(markdown_report(report, words).as_bytes()),
        Form::Json => serde_json::to_writer_pretty(HarmlessJson(&mut file), &json_report(report))
            .map_err(io::Error::from)
            .and_then(|()| file.write_all(b"\n")),
        Form::Csv => client.wait(csv_report(client.store(), report, false, &mut file))?,
    };
    written.and_then(|()| file.flush()).map_err(failed)
}

fn extent(words: Words, color: bool) -> Extent {
    Extent {
        words,
        color,
        groups: 20,
        lines: 30,
        names: 400,
    }
}
