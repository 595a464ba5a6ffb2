//! What the world tells an execution.

use crate::base::call::CallFault;
use crate::base::value::{Map, Value};
use crate::engine::event::{Passed, Renewal, Signal, Started, UnitId};
use crate::engine::status::ExecutionStatus;

/// Something that a decision follows from.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// The execution is to begin; only for a new one.
    Start(Box<Started>),
    /// Somebody begins to work on it: whatever follows from the state alone is to happen.
    TakenUp,
    /// A call was answered.
    Answered {
        /// The unit that made the call.
        unit: UnitId,
        /// Which of its calls, from 0 (polls make several).
        call: u32,
        /// The answer.
        answer: Result<Value, CallFault>,
    },
    /// A timer's moment came.
    TimerFired {
        /// The unit that waits for it.
        unit: UnitId,
        /// Which of its timers: the number of the poll it is for; 0 for a sleep;
        /// [`DEADLINE`](crate::engine::effect::DEADLINE) when the task's time is up.
        timer: u32,
    },
    /// A unit has its lock.
    LockGranted {
        /// The unit that waits for it.
        unit: UnitId,
    },
    /// A unit cannot have its lock, however long it waits.
    LockRefused {
        /// The unit that waits for it.
        unit: UnitId,
        /// Why, in words.
        reason: String,
    },
    /// A child could not be started: no such template, parameters refused.
    ChildRefused {
        /// The unit that wanted it.
        unit: UnitId,
        /// Why, in words.
        reason: String,
    },
    /// A child changed between working and waiting.
    ChildChanged {
        /// The unit that started it.
        unit: UnitId,
        /// Whether it waits for someone.
        waiting: bool,
    },
    /// A child ended.
    ChildEnded {
        /// The unit that started it.
        unit: UnitId,
        /// Its final status.
        status: ExecutionStatus,
        /// Its outputs.
        outputs: Map,
        /// Its status message.
        message: String,
    },
    /// What held the execution is over.
    Released,
    /// Times of the trigger started nothing.
    TimesPassed(Passed),
    /// The template of the trigger was changed.
    TriggerRenewed(Renewal),
    /// The trigger has no more times.
    TriggerEnded,
    /// A person said something.
    Signal(Signal),
}

/// An input that does not fit the state; nothing follows from it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The answer, timer or child belongs to a unit that no longer waits for it: a late or
    /// repeated delivery, harmless.
    #[error("nothing waits for this any more")]
    Stale,
    /// The execution has ended.
    #[error("the execution has ended with status {}", .0.as_str())]
    Ended(ExecutionStatus),
    /// A person's request does not fit.
    #[error("{reason}")]
    NotNow {
        /// Why, in words, with the remedy.
        reason: String,
    },
}
