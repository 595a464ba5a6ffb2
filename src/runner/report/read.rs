//! Reads a report from what is recorded: goes through tasks, pages of loop items and child
//! executions, and hashes each output as it comes by, so that no more than one page and the rows of
//! the report are ever held.

use std::collections::HashMap;

use crate::base::id::ExecutionId;
use crate::base::output::LogKey;
use crate::engine::status::TaskStatus;
use crate::runner::report::output::hash_output;
use crate::runner::report::step::StepBuilder;
use crate::runner::report::target::{is_command, names_instance};
use crate::runner::report::{Normal, Report, Step, Target, read_output};
use crate::store::view::{ExecutionView, TaskFilter, TaskView};
use crate::store::{Store, StoreError};

/// Loop items that are read at once.
const PAGE: u32 = 1000;

/// What a group counts for at least among the bytes that are read: looking costs, too.
const LEAST: usize = 256;

/// What is wanted of a report.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ReportRequest {
    /// Only this task, ignoring case.
    pub task: Option<String>,
    /// What outputs are made equal by.
    pub normal: Normal,
    /// How many bytes of output are read for the groups, all together; 0 leaves outputs out.
    pub output_bytes: usize,
    /// How many bytes of output are read for one group at most.
    pub group_bytes: usize,
}

/// Returns the report of an execution. What is still at work is reported as far as it is.
pub async fn read_report(
    store: &dyn Store,
    execution: ExecutionView,
    request: &ReportRequest,
) -> Result<Report, StoreError> {
    let mut reader = Reader {
        store,
        request,
        steps: Vec::new(),
        places: HashMap::new(),
    };
    reader.execution(&execution.execution_id, "").await?;
    let steps = reader.steps.into_iter().map(StepBuilder::finish).collect();
    let mut report = Report {
        execution,
        normal: request.normal,
        steps,
    };
    load_outputs(store, &mut report.steps, request).await?;
    Ok(report)
}

/// Reads the outputs of groups, largest groups first, as far as the limits go.
async fn load_outputs(
    store: &dyn Store,
    steps: &mut [Step],
    request: &ReportRequest,
) -> Result<(), StoreError> {
    let mut rest = request.output_bytes;
    for step in steps {
        for group in &mut step.groups {
            let limit = request.group_bytes.min(rest);
            if limit == 0 {
                return Ok(());
            }
            let first = &step.targets[group.members[0]];
            let output = read_output(store, &first.log, limit).await?;
            rest = rest.saturating_sub(output.size().max(LEAST));
            group.output = Some(output);
        }
    }
    Ok(())
}

struct Reader<'a> {
    store: &'a dyn Store,
    request: &'a ReportRequest,
    steps: Vec<StepBuilder>,
    places: HashMap<String, usize>,
}

impl Reader<'_> {
    /// Goes through an execution and returns how many targets it had.
    async fn execution(&mut self, id: &ExecutionId, above: &str) -> Result<usize, StoreError> {
        let mut found = 0;
        for task in self.store.tasks(id, &TaskFilter::default()).await? {
            let name = match above {
                "" => task.task_name.clone(),
                above => format!("{above}/{}", task.task_name),
            };
            found += if task.loop_counts.is_some() {
                self.items(id, &task.task_name, &name).await?
            } else if is_command(&task) {
                self.add(&name, &task).await?
            } else {
                self.child(&task, &name).await?
            };
        }
        Ok(found)
    }

    /// Goes through the items of a loop.
    async fn items(
        &mut self,
        id: &ExecutionId,
        task: &str,
        name: &str,
    ) -> Result<usize, StoreError> {
        let mut found = 0;
        let mut next = 0;
        // Items that have no commands in them (yet), where others do.
        let mut bare = Vec::new();
        loop {
            let page = self.store.items(id, task, next, PAGE).await?;
            if page.is_empty() {
                break;
            }
            next += PAGE;
            for item in page {
                let commands = if is_command(&item) {
                    self.add(name, &item).await?
                } else {
                    self.child(&item, name).await?
                };
                found += commands;
                if commands == 0 && !is_command(&item) {
                    bare.push(item);
                }
            }
        }
        Ok(found + self.bare_items(name, bare).await?)
    }

    /// Adds items without commands: to what the commands of the others are in, or, where there are
    /// none at all, as a step of their own if they name instances.
    async fn bare_items(&mut self, name: &str, items: Vec<TaskView>) -> Result<usize, StoreError> {
        let below = format!("{name}/");
        let steps = self.steps.iter();
        let inner = steps
            .map(StepBuilder::name)
            .find(|step| step.starts_with(&below))
            .map(str::to_owned);
        if inner.is_none() && !items.iter().any(names_instance) {
            return Ok(0);
        }
        let step = inner.unwrap_or_else(|| name.to_owned());
        let mut found = 0;
        for item in items {
            found += self.add(&step, &item).await?;
        }
        Ok(found)
    }

    /// Goes through the child execution of a row, if it is one.
    async fn child(&mut self, view: &TaskView, name: &str) -> Result<usize, StoreError> {
        match &view.child_execution_id {
            Some(child) => Box::pin(self.execution(child, name)).await,
            None => Ok(0),
        }
    }

    async fn add(&mut self, step: &str, view: &TaskView) -> Result<usize, StoreError> {
        if !self.wants(step) {
            return Ok(0);
        }
        let target = Target::of(view);
        let hash = self.hash(&target.log, &target).await?;
        let next = self.steps.len();
        let place = *self.places.entry(step.to_owned()).or_insert(next);
        if place == next {
            self.steps.push(StepBuilder::new(step.to_owned()));
        }
        self.steps[place].add(target, hash);
        Ok(1)
    }

    fn wants(&self, step: &str) -> bool {
        self.request.task.as_ref().is_none_or(|wanted| {
            step.eq_ignore_ascii_case(wanted)
                || step
                    .split('/')
                    .any(|task| task.eq_ignore_ascii_case(wanted))
        })
    }

    async fn hash(&self, key: &LogKey, target: &Target) -> Result<[u8; 32], StoreError> {
        if target.status == TaskStatus::Pending {
            return Ok([0; 32]);
        }
        hash_output(self.store, key, (self.request.normal, &target.name)).await
    }
}
