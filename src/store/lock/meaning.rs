//! What the journal says of locks: it alone ends those of units that are at work.

use crate::engine::event::{Event, Fact};

/// What an event means for the locks of an execution.
pub(crate) enum Meaning {
    /// The unit of this place begins its work.
    Begins(u32, Option<u32>),
    /// The unit of this place has ended.
    UnitEnds(u32, Option<u32>),
    /// All units of the task have ended.
    TaskEnds(u32),
    /// A new attempt stands in for the unit of the task that has no item, and for those items whose
    /// outcome nobody knew.
    TaskBegins(u32),
    /// All units have ended.
    AllEnd,
}

/// Returns what an event means for locks, if anything.
pub(crate) fn meaning(event: &Event) -> Option<Meaning> {
    Some(match &event.fact {
        Fact::LockGranted { unit } => Meaning::Begins(unit.task, unit.item),
        Fact::UnitEnded { unit, .. } => Meaning::UnitEnds(unit.task, unit.item),
        Fact::TaskEnded { task, .. } => Meaning::TaskEnds(*task),
        Fact::TaskStarted { task, .. } => Meaning::TaskBegins(*task),
        Fact::ExecutionEnded { .. } => Meaning::AllEnd,
        _ => return None,
    })
}
