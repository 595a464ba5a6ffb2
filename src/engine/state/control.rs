//! Where control stands between tasks.

use crate::engine::status::ExecutionStatus;

/// Where control stands. Tasks run one after another, so there is one such place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::engine) enum Control {
    /// Before the first event.
    New,
    /// The task at this place is next; the place behind the last task is the end.
    Next(u32),
    /// The task at this place is at work.
    At(u32),
    /// The task at this place failed and a person is to be asked.
    Failed(u32),
    /// A person is asked.
    Paused(u32, Pause),
    /// The path has ended; the outputs are still to be made.
    Finish,
    /// The execution has ended.
    Ended(ExecutionStatus),
}

/// What is waited for between tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::engine) enum Pause {
    /// What to do about the failed task.
    Failure,
    /// Whether to run the next task.
    Debug,
    /// Whether to begin at all.
    Held,
}
