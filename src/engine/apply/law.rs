//! The law of motion: which fact may follow on which state.

use crate::engine::apply::verdict::Verdict;
use crate::engine::apply::{batch, ending, execution, round, task, unit};
use crate::engine::event::{Event, Fact};
use crate::engine::state::{Control, Pause, State};

/// An event that cannot follow on the state: the journal is damaged or belongs to another template.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("event `{fact}` cannot follow here: {reason}")]
pub struct IllegalEvent {
    /// The stable name of the fact.
    pub fact: &'static str,
    /// Why, in words.
    pub reason: String,
}

/// Folds one event into the state, which stays as it was after an error.
pub(in crate::engine) fn apply(state: &mut State, event: &Event) -> Result<(), IllegalEvent> {
    follow(state, event).map_err(|reason| IllegalEvent {
        fact: event.fact.name(),
        reason,
    })
}

fn follow(state: &mut State, event: &Event) -> Verdict {
    use Control as C;
    use Fact as F;
    match (state.control, &event.fact) {
        (C::New, F::ExecutionStarted(started)) => {
            execution::started(state, started);
            Ok(())
        }
        (C::New | C::Ended(_), _) | (_, F::ExecutionStarted(_)) => {
            Err(format!("control stands at {:?}", state.control))
        }

        (C::Next(place), F::TaskSkipped { task }) if place == *task => task::skipped(state, *task),
        (C::Paused(_, Pause::Failure | Pause::Debug), F::TaskSkipped { task }) => {
            task::skipped(state, *task)
        }
        (C::Next(place), F::TaskTaken { task, end, target }) if place == *task => {
            ending::taken(state, *task, end, target.as_ref())
        }
        (C::Next(place) | C::At(place), F::TaskStarted { task, .. }) if place == *task => {
            task::started(state, &event.fact)
        }
        (C::Paused(_, Pause::Failure | Pause::Debug), F::TaskStarted { .. }) => {
            task::started(state, &event.fact)
        }
        (C::At(place), F::TaskStopping { task, cause }) if place == *task => {
            task::stopping(state, *task, *cause)
        }
        (C::At(place), F::TaskEnded { task, end, target }) if place == *task => {
            ending::ended(state, *task, end, target.as_ref())
        }
        (C::At(place), F::BatchEnded { task, batch, pause }) if place == *task => {
            batch::ended(state, *task, *batch, *pause)
        }
        (C::At(place), F::BatchReleased { task }) if place == *task => {
            batch::released(state, *task)
        }
        (C::At(place), F::RoundPlanned { task, until, .. }) if place == *task => {
            round::planned(state, *task, *until)
        }
        (C::At(place), F::RoundStarted { task, attempt }) if place == *task => {
            round::started(state, *task, *attempt)
        }

        (
            C::At(place),
            F::UnitStarted { unit: id, .. }
            | F::UnitSkipped { unit: id }
            | F::UnitConfirmed { unit: id, .. }
            | F::LockGranted { unit: id }
            | F::PollMissed { unit: id, .. }
            | F::PollDue { unit: id, .. }
            | F::NoticeSent { unit: id }
            | F::Approved { unit: id, .. }
            | F::ApprovalExpired { unit: id, .. }
            | F::UnitLost { unit: id, .. }
            | F::ChildChanged { unit: id, .. }
            | F::TriggerPaused { unit: id }
            | F::TriggerResumed { unit: id }
            | F::TriggerRenewed { unit: id, .. }
            | F::TimesPassed { unit: id, .. }
            | F::UnitEnded { unit: id, .. },
        ) if place == id.task => unit::changed(state, *id, &event.fact),

        (C::Next(_) | C::Failed(_), F::ExecutionPaused { task, reason }) => {
            execution::paused(state, *task, reason)
        }
        (C::Paused(place, Pause::Held), F::ExecutionReleased { .. }) => {
            state.control = C::Next(place);
            Ok(())
        }
        (_, F::SignalReceived { .. }) => Ok(()),
        (_, F::CancelRequested { .. }) => execution::cancel_requested(state),
        (
            C::Finish | C::Paused(_, Pause::Failure | Pause::Debug),
            F::ExecutionEnded {
                status,
                outputs,
                message,
            },
        ) => execution::ended(state, *status, outputs, message),

        (control, _) => Err(format!("control stands at {control:?}")),
    }
}
