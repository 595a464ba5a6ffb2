//! `oos logs`: what the commands of an execution printed.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::base::id::ExecutionId;
use crate::base::output::{Channel, LogKey};
use crate::base::time::Timestamp;
use crate::cli::client::Client;
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::option::ExecutionArgument;
use crate::cli::output::{Role, local};
use crate::cli::removed::logs_gone;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::store::view::LogLine;

/// How many lines are read at once.
const PAGE: usize = 1000;

/// How long `--follow` waits before it looks again: short enough to feel live, long enough to cost
/// nothing.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Arguments of `oos logs`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    execution: ExecutionArgument,
    /// Go on printing until the execution ends
    #[arg(short, long)]
    follow: bool,
    /// Only the output of this task
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
    /// Only the output of this loop item, counted from 0
    #[arg(long, value_name = "NUMBER")]
    item: Option<u32>,
    /// Begin each line with its time
    #[arg(short, long)]
    timestamps: bool,
}

/// A line as data.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Record<'a> {
    execution_id: &'a ExecutionId,
    task_name: &'a str,
    loop_index: Option<u32>,
    attempt: u32,
    number: u64,
    channel: Channel,
    timestamp: Timestamp,
    message: &'a str,
}

impl Arguments {
    /// Prints the output; as data one document a line.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        let id = client.execution(&self.execution.id)?.execution_id;
        let removed = client.wait(client.store().removed(id.root().as_str(), 1))?;
        if let Some(text) = removed.first().and_then(logs_gone) {
            session.output.note(text);
        }
        let mut read = BTreeMap::new();
        loop {
            // Asked before the lines are read: what comes after the end is not missed.
            let ended = client
                .wait(client.store().execution(&id))?
                .is_none_or(|view| view.status.is_final());
            client.wait(self.print_new(&client, &id, &mut read, session))?;
            session.output.flush()?;
            if ended || !self.follow {
                return Ok(Exit::Success);
            }
            client.wait(async { tokio::time::sleep(LOOK_AGAIN).await });
        }
    }

    /// Prints the lines that were not printed before; `read` counts those that were.
    async fn print_new(
        &self,
        client: &Client,
        id: &ExecutionId,
        read: &mut BTreeMap<LogKey, u64>,
        session: &mut Session,
    ) -> Result<(), Failure> {
        let keys = client.store().logs(id).await?;
        let keys: Vec<LogKey> = keys.into_iter().filter(|key| self.wants(key)).collect();
        let with_names = keys.len() > 1 || self.follow;
        for key in keys {
            let next = read.entry(key.clone()).or_default();
            loop {
                let lines = client.store().lines(&key, *next, PAGE).await?;
                let Some(last) = lines.last() else { break };
                *next = last.number + 1;
                for line in &lines {
                    self.print_line(&key, line, with_names, session)?;
                }
            }
        }
        Ok(())
    }

    fn wants(&self, key: &LogKey) -> bool {
        self.task
            .as_ref()
            .is_none_or(|task| key.task.eq_ignore_ascii_case(task))
            && self.item.is_none_or(|item| key.item == Some(item))
    }

    fn print_line(
        &self,
        key: &LogKey,
        line: &LogLine,
        with_names: bool,
        session: &mut Session,
    ) -> Result<(), Failure> {
        let output = &mut session.output;
        if output.format() != Format::Text {
            return Ok(output.record(&Record {
                execution_id: &key.execution,
                task_name: &key.task,
                loop_index: key.item,
                attempt: key.attempt,
                number: line.number,
                channel: line.channel,
                timestamp: line.at,
                message: &line.text,
            })?);
        }
        let mut prefix = String::new();
        if self.timestamps {
            prefix = format!("{} ", local(line.at));
        }
        if with_names {
            let item = key.item.map(|item| format!("[{item}]")).unwrap_or_default();
            prefix = format!("{prefix}{}{item} | ", key.task);
        }
        let prefix = if prefix.is_empty() {
            prefix
        } else {
            output.paint(Role::Faint, &prefix)
        };
        Ok(output.line(format_args!("{prefix}{}", output.foreign(&line.text)))?)
    }
}
