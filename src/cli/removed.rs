//! What retention has removed, said where somebody asks for it.

use anyhow::anyhow;

use crate::cli::output::local;
use crate::cli::report::Failure;
use crate::store::{RemovalCause, RemovedView};

/// Returns the failure of asking for an execution that was removed.
pub(super) fn gone(view: &RemovedView) -> Failure {
    let id = &view.execution_id;
    let name = &view.template_name;
    let when = view.history_removed.map(local).unwrap_or_default();
    Failure::usage(anyhow!(
        "`{id}` (`{name}`) was removed on {when} {}",
        why(view)
    ))
    .hinted(format!(
        "What people did in it stays on record: `oos audit list {id}`."
    ))
}

/// Returns the sentence about output that was removed, if it was.
pub(super) fn logs_gone(view: &RemovedView) -> Option<String> {
    let when = local(view.logs_removed?);
    let id = &view.execution_id;
    Some(format!(
        "What the commands of `{id}` printed was removed on {when} {}.",
        why(view)
    ))
}

/// Returns by whom something was removed, and why.
fn why(view: &RemovedView) -> String {
    let cause = match view.cause {
        Some(RemovalCause::Age) => ", as it was older than is kept",
        Some(RemovalCause::Count) => ", as more are not kept",
        Some(RemovalCause::Bytes) => ", as the room for it was used up",
        None => "",
    };
    format!("by `{}`{cause}", view.removed_by)
}
