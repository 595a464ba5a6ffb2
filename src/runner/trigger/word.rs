//! Something is told to an execution that nobody works on, and what follows from it is recorded.

use crate::base::id::ExecutionId;
use crate::engine::input::{Input, Refused};
use crate::runner::broadcast::News;
use crate::runner::failpoint;
use crate::runner::handle::{Runner, RunnerError, started};

impl Runner {
    /// Tells an execution something whose consequences need nothing from the world. Returns why it
    /// was refused, if it was.
    ///
    /// Fails with [`RunnerError::Owned`] while another process works on the execution.
    pub(in crate::runner) async fn tell(
        &self,
        id: &ExecutionId,
        input: &Input,
    ) -> Result<Option<Refused>, RunnerError> {
        let _owner = self.claim(&id.root())?;
        let events = self.store().read(id).await?;
        let library = started(id, &events)?.library.clone();
        let closure = self.closure(id, &library).await?;
        let seat = self.seat(id, events, &closure).await?;
        let events = match seat.execution.decide(input, self.clock().now()) {
            Ok(events) => events,
            Err(refused) => return Ok(Some(refused)),
        };
        failpoint::pass();
        self.store().append(id, seat.seq, &events).await?;
        failpoint::pass();
        self.broadcast().send(|| News::Events {
            id: id.clone(),
            after: seat.seq,
            events: events.into(),
        });
        Ok(None)
    }
}
