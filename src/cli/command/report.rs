//! `oos report`: what the commands of an execution came to on its targets, folded.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::client::Client;
use crate::cli::exit::Exit;
use crate::cli::fleet::{
    Extent, Words, csv_report, html_report, json_report, markdown_report, text_report,
};
use crate::cli::global::Format;
use crate::cli::option::{ExecutionArgument, NormalizeArguments};
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
        let form = self.form(session);
        let (output_bytes, group_bytes) = form.bytes();
        let request = ReportRequest {
            task: self.task,
            normal: self.normalize.normal(),
            output_bytes,
            group_bytes,
        };
        let report = client.wait(read_report(client.store(), view, &request))?;
        if let (Form::Json, None) = (form, &self.file) {
            session.output.document(&json_report(&report))?;
            return Ok(Exit::Success);
        }
        let is_shown = self.file.is_none();
        let bytes = render(form, &report, &client, (is_shown, session))?;
        match self.file {
            Some(path) => {
                std::fs::write(&path, bytes).map_err(|error| {
                    let text = format!("`{}` cannot be written", path.display());
                    Failure::refused(anyhow::Error::new(error).context(text))
                })?;
                let targets = report.target_count();
                session.output.note(format_args!(
                    "The report of {targets} targets is in `{}`.",
                    path.display()
                ));
            }
            None => session.output.text(&String::from_utf8_lossy(&bytes))?,
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

/// Returns a report in one of its forms.
fn render(
    form: Form,
    report: &Report,
    client: &Client,
    (is_shown, session): (bool, &Session),
) -> Result<Vec<u8>, Failure> {
    let words = Words(session.settings.language);
    Ok(match form {
        Form::Text => {
            let extent = Extent {
                words,
                color: is_shown && session.output.has_color(),
                groups: 20,
                lines: 30,
                names: 400,
            };
            text_report(report, extent).into_bytes()
        }
        Form::Html => html_report(report, words).into_bytes(),
        Form::Md => markdown_report(report, words).into_bytes(),
        Form::Csv => client.wait(csv_report(client.store(), report))?,
        Form::Json => {
            let mut bytes =
                serde_json::to_vec_pretty(&json_report(report)).map_err(Failure::internal)?;
            bytes.push(b'\n');
            bytes
        }
    })
}
