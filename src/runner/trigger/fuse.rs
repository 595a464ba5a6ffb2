//! A trigger with everything that its next firing needs, read before the moment comes.

use std::sync::Arc;

use crate::base::id::ExecutionId;
use crate::engine::event::Started;
use crate::runner::handle::{Runner, RunnerError, started};
use crate::template::model::Template;

/// What a trigger starts, ready to be started.
#[derive(Clone, Debug)]
pub struct Fuse {
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
        let started = started(trigger, &events)?;
        let closure = self.closure(trigger, &started.library).await?;
        let template = self.pinned(started, &closure).await?;
        let template = template.ok_or_else(|| RunnerError::Journal {
            id: trigger.clone(),
            reason: "its template cannot be parsed".to_owned(),
        })?;
        Ok(Fuse {
            started: Arc::new(started.clone()),
            template,
        })
    }
}
