//! `oos list`: executions, newest first.

use clap::Args;

use crate::cli::client::{self, Client};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::instant::instant;
use crate::cli::option::{ExecutionStatusWord, Tag};
use crate::cli::output::{Role, Table, TableCell, ago, between, duration, status_cell};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::engine::status::WaitReason;
use crate::store::view::{ExecutionFilter, ExecutionView};

/// Arguments of `oos list`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Only executions of this template
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// Only executions with this status; may be given several times
    #[arg(long, value_name = "STATUS", value_enum)]
    status: Vec<ExecutionStatusWord>,
    /// Only executions that carry this tag; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    tag: Vec<Tag>,
    /// Only executions that this user started
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    /// Only executions started since then: a time, or a span such as 2h
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only children of this execution
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// Children as well
    #[arg(long)]
    children: bool,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: usize,
}

impl Arguments {
    /// Prints the list.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        let filter = self.filter(&client)?;
        let found = client.wait(client.store().executions(&filter))?;
        match session.output.format() {
            Format::Text => print(&found, session)?,
            Format::Json | Format::Yaml => session.output.document(&found)?,
        }
        Ok(Exit::Success)
    }

    fn filter(self, client: &Client) -> Result<ExecutionFilter, Failure> {
        let since = self
            .since
            .map(|text| instant(&text, client::now()))
            .transpose()?;
        let parent = self
            .parent
            .map(|text| client.execution(&text))
            .transpose()?;
        Ok(ExecutionFilter {
            template_name: self.template,
            statuses: self.status.into_iter().map(Into::into).collect(),
            executed_by: self.by,
            parent: parent.map(|view| view.execution_id),
            include_children: self.children,
            tags: self
                .tag
                .into_iter()
                .map(|Tag { key, value }| (key, value))
                .collect(),
            started_after: since,
            limit: self.limit.max(1),
            ..ExecutionFilter::default()
        })
    }
}

fn print(found: &[ExecutionView], session: &mut Session) -> Result<(), Failure> {
    let output = &mut session.output;
    if found.is_empty() {
        output.note("There are no such executions.");
        return Ok(());
    }
    let now = client::now();
    let mut table = Table::new(
        output,
        &["ID", "TEMPLATE", "STATUS", "STARTED", "DURATION", "BY"],
    );
    for view in found {
        let end = view.end_date.unwrap_or(now);
        table.row(vec![
            TableCell::of(Role::Strong, view.execution_id.as_str()),
            TableCell::from(template(view)),
            status_cell(view.status),
            TableCell::from(ago(view.start_date, now)),
            TableCell::from(duration(between(view.start_date, end))),
            TableCell::from(&view.executed_by),
        ]);
    }
    table.print(output)?;
    Ok(())
}

/// Returns the template, and whether the execution fires others or was fired.
fn template(view: &ExecutionView) -> String {
    let name = &view.template_name;
    let waits = matches!(view.waiting_status, Some(WaitReason::Trigger { .. }));
    let is_fired = view.execution_id.depth() == 0 && view.parent_execution_id.is_some();
    match (waits, is_fired) {
        (true, _) => format!("{name} (trigger)"),
        (_, true) => format!("{name} (fired)"),
        _ => name.clone(),
    }
}
