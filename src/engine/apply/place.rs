//! Places of the template.

use std::sync::Arc;

use crate::engine::state::{Control, State, TaskState};

/// Returns the state of a task.
pub(super) fn task_mut(state: &mut State, place: u32) -> Result<&mut TaskState, String> {
    state
        .tasks
        .get_mut(place as usize)
        .map(Arc::make_mut)
        .ok_or_else(|| format!("the template has no task number {place}"))
}

/// Returns where control stands behind a task.
pub(super) fn behind(state: &State, place: u32) -> Control {
    if (place as usize) + 1 < state.tasks.len() {
        Control::Next(place + 1)
    } else {
        Control::Finish
    }
}
