//! `oos tasks`: the tasks of an execution and, on request, the items of their loops.

use clap::Args;

use crate::cli::client::{self, Client};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::option::{ExecutionArgument, TaskStatusWord};
use crate::cli::output::task_table;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::store::view::{TaskFilter, TaskView};

/// Arguments of `oos tasks`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    execution: ExecutionArgument,
    /// The items of loops as well
    #[arg(long)]
    items: bool,
    /// Only this task
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
    /// Only tasks with this status; may be given several times
    #[arg(long, value_name = "STATUS", value_enum)]
    status: Vec<TaskStatusWord>,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    limit: usize,
}

impl Arguments {
    /// Prints the tasks.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        let execution = client.execution(&self.execution.id)?;
        let filter = TaskFilter {
            task_name: self.task,
            include_items: self.items,
            statuses: self.status.into_iter().map(Into::into).collect(),
            offset: 0,
            limit: self.limit.max(1),
        };
        let tasks = client.wait(client.store().tasks(&execution.execution_id, &filter))?;
        match session.output.format() {
            Format::Text => print(&tasks, session)?,
            Format::Json | Format::Yaml => session.output.document(&tasks)?,
        }
        Ok(Exit::Success)
    }
}

fn print(tasks: &[TaskView], session: &mut Session) -> Result<(), Failure> {
    if tasks.is_empty() {
        session.output.note("There are no such tasks.");
        return Ok(());
    }
    task_table(tasks, client::now(), &mut session.output)?;
    Ok(())
}
