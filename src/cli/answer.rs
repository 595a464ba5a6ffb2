//! Asks the person in front of the terminal what an execution waits for.

use inquire::{Confirm, InquireError, Select};

use crate::base::id::ExecutionId;
use crate::cli::output::waits_for;
use crate::engine::event::Request;
use crate::engine::status::{ExecutionStatus, WaitReason};
use crate::store::StoreError;
use crate::store::view::{ExecutionView, Views};

/// Something that a person is to decide.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Question {
    execution: ExecutionId,
    reason: WaitReason,
    tasks: Vec<String>,
}

/// What the person decided.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Answer {
    /// The execution that it is for.
    pub(super) execution: ExecutionId,
    /// The decision.
    pub(super) request: Request,
}

/// Returns what a person is to decide for an execution, or for the child that it waits for.
pub(super) async fn question(
    store: &(impl Views + ?Sized),
    view: &ExecutionView,
) -> Result<Option<Question>, StoreError> {
    let mut view = view.clone();
    loop {
        match view.waiting_status.take() {
            Some(WaitReason::Child { id }) => match store.execution(&id).await? {
                Some(child) => view = child,
                None => return Ok(None),
            },
            None | Some(WaitReason::Timer) => return Ok(None),
            Some(reason) => {
                return Ok(Some(Question {
                    execution: view.execution_id,
                    reason,
                    tasks: view.current_tasks,
                }));
            }
        }
    }
}

/// Asks. Returns nothing if the person does not want to decide.
pub(super) fn ask(question: &Question) -> Option<Answer> {
    let request = match &question.reason {
        WaitReason::Approval { .. }
        | WaitReason::Pause
        | WaitReason::Confirmation { .. }
        | WaitReason::BatchPause { .. } => approve(question),
        WaitReason::Failure | WaitReason::Unknown { .. } | WaitReason::Debug => choose(question),
        WaitReason::Timer | WaitReason::Child { .. } => return None,
    };
    match request {
        Ok(request) => Some(Answer {
            execution: question.execution.clone(),
            request,
        }),
        // Escape and Ctrl-C leave the decision to others; so does a terminal that is gone.
        Err(error) => {
            tracing::debug!(%error, "the question was not answered");
            None
        }
    }
}

fn sentence(question: &Question) -> String {
    let tasks = question.tasks.join(", ");
    format!("{tasks} waits for {}.", waits_for(&question.reason))
}

fn approve(question: &Question) -> Result<Request, InquireError> {
    let task = match question.tasks.as_slice() {
        [task] => Some(task.clone()),
        _ => None,
    };
    let approved = Confirm::new(&format!("{} Approve?", sentence(question)))
        .with_help_message("n rejects: the execution is cancelled; Esc leaves it waiting")
        .prompt()?;
    Ok(if approved {
        Request::Approve { task }
    } else {
        Request::Reject { task }
    })
}

fn choose(question: &Question) -> Result<Request, InquireError> {
    let retry = (
        "Run the task again",
        Request::RetryTask {
            task: None,
            parameters: None,
        },
    );
    let skip = ("Skip the task and go on", Request::SkipTask { task: None });
    let fail = (
        "End the execution as failed",
        Request::CompleteExecution {
            status: ExecutionStatus::Failed,
        },
    );
    let cancel = ("Cancel the execution", Request::Cancel);
    let choices = match &question.reason {
        WaitReason::Debug => {
            let task = question.tasks.first().cloned().unwrap_or_default();
            let execute = (
                "Run the task",
                Request::ExecuteTask {
                    task,
                    parameters: None,
                },
            );
            vec![execute, fail, cancel]
        }
        WaitReason::Unknown { .. } => vec![retry, skip, cancel],
        _ => vec![retry, skip, fail, cancel],
    };
    let words = choices.iter().map(|(words, _)| *words).collect();
    let chosen = Select::new(&sentence(question), words)
        .with_help_message("Esc leaves it waiting")
        .raw_prompt()?;
    Ok(choices[chosen.index].1.clone())
}
