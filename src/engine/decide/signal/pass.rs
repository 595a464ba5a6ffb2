//! Nothing passes by an approval: what a person may not approve, a person may neither skip, nor
//! leave behind, nor change.

use crate::engine::decide::signal::target::{name_of, not_now};
use crate::engine::draft::Draft;
use crate::engine::input::Refused;
use crate::engine::state::Control;
use crate::engine::status::TaskStatus;

/// Fails if the task at `place` is an approval that has not been given.
pub(super) fn may_skip(draft: &Draft, place: u32) -> Result<(), Refused> {
    if is_lifted(draft) || !is_open(draft, place) {
        return Ok(());
    }
    Err(not_now(format!(
        "task `{}` is an approval and cannot be skipped: run it again, or cancel the execution",
        name_of(draft, place)
    )))
}

/// Fails if an approval that has not been given lies between where control stands and `target`.
pub(super) fn may_jump(draft: &Draft, target: u32) -> Result<(), Refused> {
    let Control::Paused(from, _) = draft.state.control else {
        return Ok(());
    };
    // Going back may lead to where only an approval leads.
    let first = if target < from { 0 } else { from };
    let open = (first..target).find(|place| is_open(draft, *place));
    match open.filter(|_| !is_lifted(draft)) {
        None => Ok(()),
        Some(place) => Err(not_now(format!(
            "task `{}` is an approval and comes before `{}`: it must be given first",
            name_of(draft, place),
            name_of(draft, target)
        ))),
    }
}

/// Fails if a person wants to change the properties of an approval, or of a child whose parent has
/// approvals for what it was going to do.
pub(super) fn may_change(draft: &Draft, place: u32) -> Result<(), Refused> {
    if is_lifted(draft) {
        return Ok(());
    }
    let started = draft.state.started.as_ref();
    if started.is_some_and(|started| started.parent.is_some() && started.plan.is_some()) {
        return Err(not_now(
            "what this child execution runs with belongs to the plan of its parent and cannot be \
             changed: run the task again as it is, skip it or cancel it",
        ));
    }
    if !draft.state.is_approval(place) {
        return Ok(());
    }
    Err(not_now(format!(
        "task `{}` is an approval: who approves cannot be changed in a run",
        name_of(draft, place)
    )))
}

fn is_open(draft: &Draft, place: u32) -> bool {
    let status = draft.state.tasks[place as usize].status;
    let is_done = matches!(status, TaskStatus::Success | TaskStatus::Skipped);
    draft.state.is_approval(place) && !is_done
}

/// Tells whether one person may do everything in this run.
fn is_lifted(draft: &Draft) -> bool {
    let started = draft.state.started.as_ref();
    started.is_some_and(|started| started.self_approval)
}
