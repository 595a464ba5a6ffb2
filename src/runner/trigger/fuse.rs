//! A trigger with everything that its next firing needs, read before the moment comes.

use std::sync::Arc;

use crate::base::id::ExecutionId;
use crate::engine::event::{Event, Fact, Started};
use crate::runner::handle::{Runner, RunnerError, started};
use crate::store::Seq;
use crate::template::model::Template;

/// What a trigger starts, ready to be started.
#[derive(Clone, Debug)]
pub struct Fuse {
    /// How many events the journal of the trigger held when it was read.
    pub(in crate::runner) length: Seq,
    pub(super) started: Arc<Started>,
    pub(super) template: Arc<Template>,
}

impl Fuse {
    /// Returns what the trigger's execution was started with.
    pub fn started(&self) -> &Started {
        &self.started
    }
}

impl Runner {
    /// Reads what the trigger of an execution starts.
    pub async fn fuse(&self, trigger: &ExecutionId) -> Result<Fuse, RunnerError> {
        let events = self.store().read(trigger).await?;
        let started = in_force(trigger, &events)?;
        let closure = self.closure(trigger, &started.library).await?;
        let template = self.pinned(started, &closure).await?;
        let template = template.ok_or_else(|| RunnerError::Journal {
            id: trigger.clone(),
            reason: "its template cannot be parsed".to_owned(),
        })?;
        Ok(Fuse {
            length: events.len() as Seq,
            started: Arc::new(started.clone()),
            template,
        })
    }
}

/// Returns what a trigger starts at this moment: what it was started with, or last renewed with.
pub(super) fn in_force<'a>(
    trigger: &ExecutionId,
    events: &'a [Event],
) -> Result<&'a Started, RunnerError> {
    let renewed = events.iter().rev().find_map(|event| match &event.fact {
        Fact::TriggerRenewed { renewal, .. } => Some(&*renewal.started),
        _ => None,
    });
    renewed.map_or_else(|| started(trigger, events), Ok)
}
