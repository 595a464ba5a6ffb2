//! What was decided becomes durable, and only then is anybody told of it.

use std::sync::Arc;

use crate::base::id::ExecutionId;
use crate::engine::Execution;
use crate::engine::event::{Event, Fact, Started};
use crate::engine::input::Input;
use crate::runner::broadcast::News;
use crate::runner::failpoint;
use crate::runner::handle::Runner;
use crate::store::{Seq, StoreError};
use crate::template::model::Template;

impl Runner {
    /// Appends events to those up to `after`, and tells who listens. Returns the position of the last.
    pub(super) async fn record(
        &self,
        id: &ExecutionId,
        after: Seq,
        events: Vec<Event>,
    ) -> Result<Seq, StoreError> {
        failpoint::pass();
        let last = self.store().append(id, after, &events).await?;
        failpoint::pass();
        self.broadcast().send(|| News::Events {
            id: id.clone(),
            after,
            events: events.into(),
        });
        Ok(last)
    }

    /// Records that an execution has started, and nothing that follows from it but that it is held: a
    /// call on record would look as if somebody had made it and died.
    pub(super) async fn record_start(
        &self,
        template: &Arc<Template>,
        started: Started,
    ) -> Result<ExecutionId, StoreError> {
        let id = started.id.clone();
        let has_hold = started.hold.is_some();
        let mut events = Execution::new(Arc::clone(template))
            .decide(&Input::Start(Box::new(started)), self.clock().now())
            .expect("a new execution can always start");
        let pause = |event: &Event| matches!(event.fact, Fact::ExecutionPaused { task: 0, .. });
        let is_held = has_hold && events.get(1).is_some_and(pause);
        events.truncate(1 + usize::from(is_held));
        self.record(&id, 0, events).await?;
        Ok(id)
    }
}
