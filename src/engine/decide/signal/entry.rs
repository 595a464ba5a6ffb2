//! Every signal that fits is recorded first, then what follows from it.

use crate::engine::decide::signal::{approve, cancel, complete, run, skip, trigger};
use crate::engine::draft::Draft;
use crate::engine::event::{Request, Signal};
use crate::engine::input::Refused;

pub(in crate::engine::decide) fn decide(draft: &mut Draft, signal: &Signal) -> Result<(), Refused> {
    match &signal.request {
        Request::Approve { task } => approve::approve(draft, signal, task.as_deref()),
        Request::Reject { task } => approve::reject(draft, signal, task.as_deref()),
        Request::ExecuteTask { task, parameters } => {
            run::execute(draft, signal, task, parameters.as_ref())
        }
        Request::RetryTask { task, parameters } => {
            run::retry(draft, signal, task.as_deref(), parameters.as_ref())
        }
        Request::SkipTask { task } => skip::skip(draft, signal, task.as_deref()),
        Request::CancelTask { task } => cancel::cancel_task(draft, signal, task),
        Request::CompleteExecution { status } => complete::complete(draft, signal, *status),
        Request::PauseTrigger => trigger::set_paused(draft, signal, true),
        Request::ResumeTrigger => trigger::set_paused(draft, signal, false),
        Request::Cancel => {
            cancel::cancel(draft, signal);
            Ok(())
        }
    }
}
