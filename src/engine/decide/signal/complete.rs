//! `CompleteExecution`: a person ends the paused execution with a status.

use crate::engine::decide::signal::target::{not_now, record};
use crate::engine::draft::Draft;
use crate::engine::event::Signal;
use crate::engine::flow;
use crate::engine::input::Refused;
use crate::engine::state::{Control, Pause};
use crate::engine::status::ExecutionStatus;

pub(super) fn complete(
    draft: &mut Draft,
    signal: &Signal,
    status: ExecutionStatus,
) -> Result<(), Refused> {
    if !status.is_final() {
        return Err(not_now(format!(
            "`{}` is not a status to end with: use Success, Failed or Cancelled",
            status.as_str()
        )));
    }
    let Control::Paused(_, Pause::Failure | Pause::Debug) = draft.state.control else {
        return Err(not_now(
            "the execution is not paused between tasks: cancel it instead",
        ));
    };
    record(draft, signal);
    flow::end(draft, status);
    Ok(())
}
