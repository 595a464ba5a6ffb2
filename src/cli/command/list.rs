//! `oos list`: executions, newest first.

use clap::Args;

use crate::base::time::Timestamp;
use crate::cli::client::{self, Client};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::option::{ExecutionStatusWord, Tag};
use crate::cli::output::{Role, Table, TableCell, ago, between, duration, status_cell};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
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
            TableCell::from(&view.template_name),
            status_cell(view.status),
            TableCell::from(ago(view.start_date, now)),
            TableCell::from(duration(between(view.start_date, end))),
            TableCell::from(&view.executed_by),
        ]);
    }
    table.print(output)?;
    Ok(())
}

/// Reads an instant, or a span that counts back from `now`.
fn instant(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(civil) = text.parse::<jiff::civil::DateTime>()
        && let Ok(zoned) = civil.to_zoned(jiff::tz::TimeZone::system())
    {
        return Ok(zoned.timestamp());
    }
    let unknown = || {
        Failure::usage(anyhow::anyhow!("`{text}` is neither a time nor a span"))
            .hinted("Write `2026-11-21`, `2026-11-21T10:00:00Z`, `90m` or `2d`.")
    };
    let span: jiff::Span = text.parse().map_err(|_| unknown())?;
    let zoned = now.to_zoned(jiff::tz::TimeZone::system());
    Ok(zoned.checked_sub(span).map_err(|_| unknown())?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_takes_times_and_spans() {
        #[track_caller]
        fn case(text: &str, expected: Option<&str>) {
            let now = "2026-11-21T10:00:00Z".parse().unwrap();
            let expected: Option<Timestamp> = expected.map(|text| text.parse().unwrap());
            assert_eq!(instant(text, now).ok(), expected, "{text}");
        }
        case("2026-11-20T08:00:00+08:00", Some("2026-11-20T00:00:00Z"));
        case("90m", Some("2026-11-21T08:30:00Z"));
        case("PT2H", Some("2026-11-21T08:00:00Z"));
        case("yesterday-ish", None);
    }
}
