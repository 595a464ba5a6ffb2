//! What people say to executions, on its way from any process to who works on them.

use std::time::Duration;

use crate::base::id::ExecutionId;
use crate::engine::event::{Request, Signal};
use crate::engine::input::Input;
use crate::engine::status::{ExecutionStatus, WaitReason};
use crate::runner::handle::{Runner, RunnerError, started};
use crate::runner::mail::Order;
use crate::store::StoreError;

/// How often a sender looks whether its signal has been answered.
const ANSWER_INTERVAL: Duration = Duration::from_millis(10);

/// How long a sender waits for the owner of an execution to answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// What became of a signal.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// It does not fit; the reason names the remedy.
    #[error("{0}")]
    Refused(String),
    /// It is stored and will be taken up by whoever works on the execution next.
    #[error("nobody works on `{0}` at the moment")]
    Nobody(ExecutionId),
    /// It is stored; the process that works on the execution has not taken it up yet.
    #[error("the process that works on `{0}` has not answered yet; the signal is recorded")]
    Unanswered(ExecutionId),
    /// The execution could not be looked at.
    #[error(transparent)]
    Runner(#[from] RunnerError),
}

impl From<StoreError> for SignalError {
    fn from(error: StoreError) -> Self {
        Self::Runner(error.into())
    }
}

impl Runner {
    /// Brings signals to the conductors for as long as it is polled; returns only when the store
    /// fails.
    pub(super) async fn carry_mail(&self) -> RunnerError {
        let mut seen = 0;
        loop {
            let posted = match self.store().posted(seen).await {
                Ok(posted) => posted,
                Err(error) => return error.into(),
            };
            for (number, id) in posted {
                seen = seen.max(number);
                if self.mail().has(&id)
                    && let Err(error) = self.deliver(&id).await
                {
                    return error.into();
                }
            }
        }
    }

    /// Hands everything that waits in the store for an execution to its conductor, which knows
    /// what it has had already.
    pub(super) async fn deliver(&self, id: &ExecutionId) -> Result<(), StoreError> {
        for (number, signal) in self.store().waiting(id).await? {
            self.mail().hand(
                id,
                Order {
                    number: Some(number),
                    signal,
                },
            );
        }
        Ok(())
    }

    /// Sends a signal to an execution, or to the child that it waits for, and returns once the
    /// owner has taken it.
    pub async fn signal(&self, id: &ExecutionId, signal: &Signal) -> Result<(), SignalError> {
        let (id, status) = self.addressee(id, &signal.request).await?;
        if status.is_final() {
            let reason = format!("`{id}` has ended with status {}", status.as_str());
            return Err(SignalError::Refused(reason));
        }
        let owned = self.store().is_owned(&id.root())? || self.store().is_attended()?;
        if !owned && let Some(reason) = self.refusal(&id, status, signal).await? {
            return Err(SignalError::Refused(reason));
        }
        let number = self.store().post(&id, signal).await?;
        if !owned {
            return Err(SignalError::Nobody(id));
        }
        let deadline = tokio::time::Instant::now() + ANSWER_PATIENCE;
        while tokio::time::Instant::now() < deadline {
            match self.store().answer(number).await? {
                Some(Ok(())) => return Ok(()),
                Some(Err(reason)) => return Err(SignalError::Refused(reason)),
                None => tokio::time::sleep(ANSWER_INTERVAL).await,
            }
        }
        Err(SignalError::Unanswered(id))
    }

    /// Returns why an execution that nobody works on would refuse a signal: whoever sends it is to
    /// know now, not whoever goes on with it later. What is already under way or in the mailbox is
    /// left to be judged then.
    async fn refusal(
        &self,
        id: &ExecutionId,
        status: ExecutionStatus,
        signal: &Signal,
    ) -> Result<Option<String>, RunnerError> {
        if status != ExecutionStatus::Waiting || !self.store().waiting(id).await?.is_empty() {
            return Ok(None);
        }
        let events = self.store().read(id).await?;
        let library = started(id, &events)?.library.clone();
        let closure = self.closure(id, &library).await?;
        let seat = self.seat(id, events, &closure).await?;
        let input = Input::Signal(signal.clone());
        let decided = seat.execution.decide(&input, self.clock().now());
        Ok(decided.err().map(|refused| refused.to_string()))
    }

    /// Returns who is meant by a request to an execution: for an answer, that of its children which
    /// asked. What ends something is for the execution that was named.
    async fn addressee(
        &self,
        id: &ExecutionId,
        request: &Request,
    ) -> Result<(ExecutionId, ExecutionStatus), RunnerError> {
        let is_answer = match request {
            Request::Approve { .. }
            | Request::Reject { .. }
            | Request::ExecuteTask { .. }
            | Request::RetryTask { .. }
            | Request::SkipTask { .. } => true,
            Request::CancelTask { .. }
            | Request::CompleteExecution { .. }
            | Request::Cancel
            | Request::PauseTrigger
            | Request::ResumeTrigger => false,
        };
        let mut id = id.clone();
        loop {
            let view = self.store().execution(&id).await?;
            let view = view.ok_or_else(|| RunnerError::NotFound(id.clone()))?;
            match view.waiting_status {
                Some(WaitReason::Child { id: child }) if is_answer => id = child,
                _ => return Ok((id, view.status)),
            }
        }
    }
}
