//! What an execution wants from the world.

use crate::base::call::ApiCall;
use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::Map;
use crate::engine::event::{Lock, Outer, UnitId};

/// The number of the timer that ends a task's time; it belongs to the task's unit without an item.
pub const DEADLINE: u32 = u32::MAX;

/// The number of the timer after which deferred items of a loop are tried again; it belongs to the
/// task's unit without an item.
pub const ROUND: u32 = u32::MAX - 1;

/// The number of the timer after which a held execution begins; it belongs to the first attempt of the
/// first task, which has not begun.
pub const HOLD: u32 = u32::MAX - 2;

/// Names one effect: the same key always means the same effect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EffectKey {
    /// A call, by unit and number of the call.
    Call(UnitId, u32),
    /// A timer, by unit and number of the timer.
    Timer(UnitId, u32),
    /// A child execution.
    Child(UnitId),
    /// Cancelling the call under way of a unit.
    CancelCall(UnitId),
    /// Cancelling a child execution.
    CancelChild(UnitId),
    /// The lock of a unit.
    Lock(UnitId),
}

impl EffectKey {
    /// Returns the unit that wants the effect.
    pub fn unit(self) -> UnitId {
        match self {
            Self::Call(unit, _)
            | Self::Timer(unit, _)
            | Self::Child(unit)
            | Self::CancelCall(unit)
            | Self::CancelChild(unit)
            | Self::Lock(unit) => unit,
        }
    }
}

/// Something owed to an execution by the world, derived from state alone.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Make a call and tell the answer.
    Call {
        /// The call.
        call: ApiCall,
        /// The task's name, for logs.
        task: String,
    },
    /// Tell when `at` has come.
    Timer {
        /// The moment.
        at: Timestamp,
    },
    /// Start (or go on with) a child execution and tell how it ends.
    Child {
        /// Its id.
        id: ExecutionId,
        /// The template's name.
        template: String,
        /// The template's version.
        version: Option<String>,
        /// The template's text in place of a name.
        content: Option<String>,
        /// The parameters as given.
        parameters: Map,
        /// What the steps of an `ACS::Loop` see.
        outer: Option<Outer>,
    },
    /// End the call of a unit; the call is answered with `Cancelled` or with its result.
    CancelCall,
    /// Cancel the child execution; it is told as ended.
    CancelChild {
        /// Its id.
        id: ExecutionId,
    },
    /// Get the lock and tell when it is there; it lasts until the unit ends.
    Lock {
        /// What.
        lock: Lock,
        /// The child execution that has it too, if the unit is one.
        inside: Option<ExecutionId>,
    },
}
