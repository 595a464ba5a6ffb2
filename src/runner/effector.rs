//! Makes API calls for conductors.

use tokio_util::sync::CancellationToken;

use crate::base::call::{ApiCall, ApiError, CallFault, Recovery};
use crate::base::id::ExecutionId;
use crate::base::output::LogKey;
use crate::base::secret::Redactor;
use crate::base::value::Value;
use crate::engine::event::UnitId;
use crate::engine::input::Input;
use crate::provider::CallContext;
use crate::runner::conductor::Told;
use crate::runner::failpoint;
use crate::runner::handle::{Runner, RunnerError};
use crate::runner::loopback;
use crate::template::output::Reads;

/// A call to be made.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) execution: ExecutionId,
    pub(super) user: String,
    pub(super) unit: UnitId,
    pub(super) number: u32,
    pub(super) task: String,
    pub(super) call: ApiCall,
    pub(super) cancel: CancellationToken,
    pub(super) redactor: Redactor,
    /// What `redactor` hides, where the call may start an execution.
    pub(super) secrets: Vec<Value>,
    pub(super) resumed: bool,
    /// What is read of the answer.
    pub(super) reads: Option<Reads>,
}

/// Tells whether a call under way may be let go of and taken up again later without harm.
pub(super) fn may_be_left(runner: &Runner, call: &ApiCall) -> bool {
    recovery(runner, call) == Some(Recovery::Resumable)
}

fn recovery(runner: &Runner, call: &ApiCall) -> Option<Recovery> {
    runner.api(&call.service, &call.api).map(|api| api.recovery)
}

/// Makes the call and returns its answer as input.
pub(super) async fn fly(runner: Runner, flight: Flight) -> Result<Told, RunnerError> {
    let (unit, call) = (flight.unit, flight.number);
    let answer = match answer(&runner, flight).await {
        // What cannot be recorded is no answer: whoever resumes asks again.
        Err(CallFault::Storage { reason }) => return Err(RunnerError::Storage { reason }),
        answer => answer,
    };
    failpoint::pass();
    Ok(Told::Input(Input::Answered { unit, call, answer }))
}

async fn answer(runner: &Runner, flight: Flight) -> Result<Value, CallFault> {
    let Some(recovery) = recovery(runner, &flight.call) else {
        return Err(unserved(&flight.call).into());
    };
    if flight.resumed && recovery == Recovery::Manual {
        return Err(CallFault::Unknown {
            reason: format!(
                "the process died while `{}` was under way",
                flight.call.display_name()
            ),
        });
    }
    if flight.cancel.is_cancelled() && !(flight.resumed && recovery == Recovery::Resumable) {
        return Err(not_made(&flight));
    }
    let context = CallContext {
        now: runner.clock().now(),
        log: LogKey {
            execution: flight.execution,
            task: flight.task,
            item: flight.unit.item,
            attempt: flight.unit.attempt,
        },
        sink: runner.sink(flight.redactor.clone()),
        redactor: flight.redactor,
        cancel: flight.cancel,
        resumed: flight.resumed,
        user: flight.user,
        reads: flight.reads,
    };
    tracing::debug!(action = %flight.call.display_name(), "call");
    if loopback::serves(&flight.call) {
        let caller = loopback::Caller {
            user: &context.user,
            secrets: &flight.secrets,
        };
        // Rare and large: calls to hosts wait here by the ten thousand.
        return Box::pin(loopback::call(runner, &flight.call, caller)).await;
    }
    runner.provider().call(&flight.call, &context).await
}

/// Makes the answer to a call that is to be ended before this process has made it. Only what can
/// be attached to is asked once more, so that it ends.
fn not_made(flight: &Flight) -> CallFault {
    let name = flight.call.display_name();
    if flight.resumed {
        let reason = format!("the process died while `{name}` was under way; not called again");
        return CallFault::Unknown { reason };
    }
    CallFault::Cancelled {
        report: format!("`{name}` was not called"),
    }
}

fn unserved(call: &ApiCall) -> ApiError {
    ApiError::new(
        "UnsupportedOperation",
        format!(
            "`{}` is not served by this profile; `oos action list --apis` shows what is",
            call.display_name()
        ),
    )
}
