//! `oos diff`: what changed on the targets from one execution to another.

use clap::Args;

use crate::cli::client::Client;
use crate::cli::exit::Exit;
use crate::cli::fleet::{Extent, Words, change_document, change_text};
use crate::cli::global::Format;
use crate::cli::option::NormalizeArguments;
use crate::cli::output::local;
use crate::cli::removed::logs_gone;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::runner::report::{Report, ReportRequest, compare, predecessor, read_report};
use crate::store::view::ExecutionView;

/// Arguments of `oos diff`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The executions, the earlier one first: ids, unique beginnings of ids, or @last; of one alone
    /// the changes since the execution of the same template before it, with the same parameters if
    /// there is one
    #[arg(value_name = "ID", required = true, num_args = 1..=2)]
    ids: Vec<String>,
    /// Only this task
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
    #[command(flatten)]
    normalize: NormalizeArguments,
    /// Leave with exit code 1 when something changed
    #[arg(long)]
    exit_code: bool,
}

impl Arguments {
    /// Prints the changes.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        let (old, new) = self.executions(&client)?;
        for view in [&old, &new] {
            require_logs(&client, view)?;
        }
        let request = ReportRequest {
            task: self.task.clone(),
            normal: self.normalize.normal(),
            ..ReportRequest::default()
        };
        let read = |view| client.wait(read_report(client.store(), view, &request));
        let reports: [Report; 2] = [read(old)?, read(new)?];
        let pair = (&reports[0], &reports[1]);
        let comparison = client.wait(compare(client.store(), pair.0, pair.1))?;
        match session.output.format() {
            Format::Text => {
                let extent = Extent {
                    words: Words(session.settings.language),
                    color: session.output.has_color(),
                    groups: usize::MAX,
                    lines: 40,
                    names: 400,
                };
                let text = change_text(pair, &comparison, extent);
                session.output.text(&text)?;
            }
            Format::Json | Format::Yaml => {
                let document = change_document(pair, &comparison);
                session.output.document(&document)?;
            }
        }
        Ok(if self.exit_code && !comparison.changes.is_empty() {
            Exit::Failed
        } else {
            Exit::Success
        })
    }

    fn executions(&self, client: &Client) -> Result<(ExecutionView, ExecutionView), Failure> {
        let first = client.execution(&self.ids[0])?;
        if let Some(second) = self.ids.get(1) {
            return Ok((first, client.execution(second)?));
        }
        match client.wait(predecessor(client.store(), &first))? {
            Some(before) => Ok((before, first)),
            None => Err(no_predecessor(client, &first)?),
        }
    }
}

/// Returns the failure of there being nothing before an execution.
fn no_predecessor(client: &Client, first: &ExecutionView) -> Result<Failure, Failure> {
    let name = &first.template_name;
    let failure = Failure::usage(anyhow::anyhow!(
        "before `{}` no execution of `{name}` has ended",
        first.execution_id
    ));
    let removed = client.wait(client.store().last_removed(name))?;
    Ok(match removed.and_then(|view| view.history_removed) {
        Some(at) => failure.hinted(format!(
            "What ran before it is not kept any longer: the last of it was removed on {}.",
            local(at)
        )),
        None => failure.hinted("Name two executions: `oos diff EARLIER LATER`."),
    })
}

/// Refuses to compare what was printed once it is gone: everything would look changed.
fn require_logs(client: &Client, view: &ExecutionView) -> Result<(), Failure> {
    let root = view.execution_id.root();
    let removed = client.wait(client.store().removed(root.as_str(), 1))?;
    match removed.first().and_then(logs_gone) {
        Some(text) => Err(Failure::refused(anyhow::anyhow!(
            "there is nothing to compare `{}` by",
            view.execution_id
        ))
        .hinted(text)),
        None => Ok(()),
    }
}
