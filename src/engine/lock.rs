//! From the `Lock` of a task to what its unit must have.

use crate::engine::event::{Cap, Failure, Lock, UnitId, Work};
use crate::engine::render::{evaluate, evaluation};
use crate::engine::scope::StateScope;
use crate::engine::state::LoopState;
use crate::template::lock::LockSetting;
use crate::template::model::Task;

/// Returns what a unit must have before it does its work; `None` if nothing.
pub(super) fn lock(
    task: &Task,
    unit: UnitId,
    work: &Work,
    scope: &StateScope,
) -> Result<Option<Lock>, Failure> {
    let Some(expression) = task.lock.as_ref().filter(|_| is_change(work)) else {
        return Ok(None);
    };
    let value = evaluate(task, "Lock", expression, scope)?;
    let setting = LockSetting::read(&value).map_err(|reason| evaluation(task, &reason))?;
    let items = scope.state.tasks.get(unit.task as usize);
    let items = items.and_then(|task| task.looping.as_ref());
    let total = setting
        .of
        .or_else(|| items.map(LoopState::count))
        .unwrap_or(1);
    let cap = setting.group.map(|(group, limit)| Cap {
        group,
        // A share that comes to nothing would never let anybody begin.
        limit: limit.down(total).max(1),
    });
    let lock = Lock {
        names: setting.names,
        cap,
    };
    Ok((!lock.names.is_empty() || lock.cap.is_some()).then_some(lock))
}

/// Tells whether a unit changes anything: nobody is kept waiting while people think.
fn is_change(work: &Work) -> bool {
    match work {
        Work::Call { .. } | Work::Poll { .. } | Work::Sleep { .. } | Work::Child { .. } => true,
        Work::Choice { .. }
        | Work::Trigger { .. }
        | Work::Watch { .. }
        | Work::Approval { .. }
        | Work::Pause => false,
    }
}
