//! Asks the person in front of the terminal what an execution waits for.

use inquire::{Confirm, InquireError, Select};

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::cli::environment;
use crate::cli::output::{harmless_line, waits_for};
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
    plan: Option<Digest>,
    is_for_others: bool,
}

impl Question {
    /// Tells whether the person here cannot answer it: somebody else must approve.
    pub(super) fn is_for_others(&self) -> bool {
        self.is_for_others
    }
}

/// What the person decided.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Answer {
    /// The execution that it is for.
    pub(super) execution: ExecutionId,
    /// The decision.
    pub(super) request: Request,
    /// The plan that it is for.
    pub(super) plan: Option<Digest>,
}

/// Returns what a person is to decide for an execution, or for the child that it waits for.
pub(super) async fn question(
    store: &(impl Views + ?Sized),
    view: &ExecutionView,
) -> Result<Option<Question>, StoreError> {
    let view = addressee(store, view).await?;
    let may_approve = view.self_approval || view.executed_by != environment::user_name();
    Ok(match view.waiting_status {
        None | Some(WaitReason::Timer | WaitReason::Child { .. }) => None,
        Some(reason) => Some(Question {
            execution: view.execution_id,
            is_for_others: !may_approve && matches!(reason, WaitReason::Approval { .. }),
            reason,
            tasks: view.current_tasks,
            plan: view.plan,
        }),
    })
}

/// Follows an execution that waits for a child down to the one that waits for a person.
pub(super) async fn addressee(
    store: &(impl Views + ?Sized),
    view: &ExecutionView,
) -> Result<ExecutionView, StoreError> {
    let mut view = view.clone();
    while let Some(WaitReason::Child { id }) = &view.waiting_status {
        match store.execution(id).await? {
            Some(child) => view = child,
            None => break,
        }
    }
    Ok(view)
}

/// Asks. Returns nothing if the person does not want to decide.
pub(super) fn ask(question: &Question) -> Option<Answer> {
    let request = match &question.reason {
        WaitReason::Approval { .. }
        | WaitReason::Pause
        | WaitReason::Confirmation { .. }
        | WaitReason::BatchPause { .. } => approve(question),
        WaitReason::Failure | WaitReason::Unknown { .. } | WaitReason::Debug => choose(question),
        WaitReason::Timer
        | WaitReason::Trigger { .. }
        | WaitReason::Turn { .. }
        | WaitReason::Blackout { .. }
        | WaitReason::Child { .. } => return None,
    };
    match request {
        Ok(request) => Some(Answer {
            execution: question.execution.clone(),
            request,
            plan: question.plan.clone(),
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
    harmless_line(&format!(
        "{tasks} waits for {}.",
        waits_for(&question.reason)
    ))
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
