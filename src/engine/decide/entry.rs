//! Where decisions begin.

use crate::base::time::Timestamp;
use crate::engine::decide::{answered, child, hold, lock, signal, timer, trigger};
use crate::engine::draft::Draft;
use crate::engine::event::{Event, Fact};
use crate::engine::flow;
use crate::engine::input::{Input, Refused};
use crate::engine::state::{Control, State};

/// Returns what follows from `input`, up to the point where something must be waited for.
pub(in crate::engine) fn decide(
    state: &State,
    input: &Input,
    now: Timestamp,
) -> Result<Vec<Event>, Refused> {
    if let Control::Ended(status) = state.control {
        return Err(Refused::Ended(status));
    }
    let mut draft = Draft::new(state, now);
    match (state.control, input) {
        (Control::New, Input::Start(started)) => {
            draft.record(Fact::ExecutionStarted(started.clone()));
            hold::begin(&mut draft);
        }
        (Control::New, _) | (_, Input::Start(_)) => return Err(Refused::Stale),
        (_, Input::TakenUp) => {}
        (_, Input::Answered { unit, call, answer }) => {
            answered::decide(&mut draft, *unit, *call, answer)?;
        }
        (_, Input::TimerFired { unit, timer }) => timer::decide(&mut draft, *unit, *timer)?,
        (_, Input::LockGranted { unit }) => lock::granted(&mut draft, *unit)?,
        (_, Input::LockRefused { unit, reason }) => lock::refused(&mut draft, *unit, reason)?,
        (_, Input::ChildRefused { unit, reason }) => child::refused(&mut draft, *unit, reason)?,
        (_, Input::ChildChanged { unit, waiting }) => {
            child::changed(&mut draft, *unit, *waiting)?;
        }
        (
            _,
            Input::ChildEnded {
                unit,
                status,
                outputs,
                message,
            },
        ) => child::ended(&mut draft, *unit, *status, outputs, message)?,
        (_, Input::Released) => hold::over(&mut draft, None)?,
        (_, Input::TimesPassed(passed)) => trigger::passed(&mut draft, passed)?,
        (_, Input::TriggerRenewed(renewal)) => trigger::renewed(&mut draft, renewal)?,
        (_, Input::TriggerEnded) => trigger::ended(&mut draft)?,
        (_, Input::Signal(signal)) => signal::decide(&mut draft, signal)?,
    }
    flow::proceed(&mut draft);
    Ok(draft.into_events())
}
