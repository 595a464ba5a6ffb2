//! Something is told to an execution that nobody works on, and what follows from it is recorded.

use crate::base::id::ExecutionId;
use crate::engine::input::{Input, Refused};
use crate::runner::handle::{Runner, RunnerError, started};

impl Runner {
    /// Tells an execution, one after the other, what has no consequences in the world. Returns why one
    /// was refused, if it was; then nothing is recorded.
    ///
    /// Fails with [`RunnerError::Owned`] while another process works on the execution.
    pub(in crate::runner) async fn tell(
        &self,
        id: &ExecutionId,
        inputs: &[Input],
    ) -> Result<Option<Refused>, RunnerError> {
        let _owner = self.claim(&id.root())?;
        let events = self.store().read(id).await?;
        let library = started(id, &events)?.library.clone();
        let closure = self.closure(id, &library).await?;
        let seat = self.seat(id, events, &closure).await?;
        let now = self.clock().now();
        let mut execution = seat.execution;
        let mut events = Vec::new();
        for input in inputs {
            let next = match execution.decide(input, now) {
                Ok(next) => next,
                Err(refused) => return Ok(Some(refused)),
            };
            for event in &next {
                execution
                    .apply(event)
                    .expect("a decision fits the state that it was made on");
            }
            events.extend(next);
        }
        self.record(id, seat.seq, events).await?;
        Ok(None)
    }
}
