//! A unit starts: everything that it runs with is rendered here.

use std::sync::Arc;

use crate::base::value::{Map, Value};
use crate::engine::builtin::{self, Context};
use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, Failure, Lock, UnitId, Work};
use crate::engine::lock;
use crate::engine::output::select;
use crate::engine::render::{is_loop_action, is_wanted, names_item, properties};
use crate::engine::state::State;
use crate::template::model::Task;

/// Starts the unit of a task, or of one item of its loop.
pub(in crate::engine) fn start(draft: &mut Draft, place: u32, item: Option<u32>) {
    let template = Arc::clone(&draft.state.template);
    let task = &template.tasks[place as usize];
    let id = UnitId {
        task: place,
        item,
        attempt: draft.state.tasks[place as usize].attempt,
    };
    match render(draft, task, id) {
        Ok(None) => draft.record(Fact::UnitSkipped { unit: id }),
        Ok(Some((work, confirm, lock))) => {
            let approval = draft.state.tasks[place as usize].approval.clone();
            let is_free = approval.is_none();
            draft.record(Fact::UnitStarted {
                unit: id,
                work: work.clone(),
                confirm,
                approval,
                lock,
            });
            if is_free {
                end_instant(draft, id, &work);
            }
        }
        Err(failure) => draft.end_unit(id, failed(failure)),
    }
}

/// Ends a unit whose work needs nothing from the world.
pub(in crate::engine) fn end_instant(draft: &mut Draft, id: UnitId, work: &Work) {
    let document = match work {
        Work::Choice { .. } => Value::Null,
        Work::Trigger { event } => event.clone(),
        Work::Call { .. }
        | Work::Poll { .. }
        | Work::Sleep { .. }
        | Work::Approval { .. }
        | Work::Pause
        | Work::Watch { .. }
        | Work::Child { .. } => return,
    };
    let end = success(draft, id, &document);
    draft.end_unit(id, end);
}

/// What a unit does, whether that waits for a confirmation, and what it must have to itself.
type Rendered = (Work, bool, Option<Lock>);

/// Renders a unit; `None` if its `When` is false.
fn render(draft: &Draft, task: &Task, id: UnitId) -> Result<Option<Rendered>, Failure> {
    let item = item_of(&draft.state, id);
    let scope = draft.scope(item.as_ref());
    let per_item = item.is_some() && task.when.as_ref().is_some_and(names_item);
    if per_item && !is_wanted(task, &scope)? {
        return Ok(None);
    }
    let overrides = draft.state.tasks[id.task as usize].overrides.as_deref();
    let properties = if is_loop_action(task) {
        // Its tasks are evaluated by the child execution that they become.
        Map::new()
    } else {
        properties(task, overrides, &scope)?
    };
    let context = Context {
        task,
        unit: id,
        properties: &properties,
        scope,
    };
    let work = builtin::work(&context)?;
    let confirm = builtin::needs_confirmation(&context, &work);
    let lock = lock::lock(task, id, &work, &scope)?;
    Ok(Some((work, confirm, lock)))
}

/// Returns how a unit ends whose action answered `document`: well, unless an output cannot be
/// selected.
pub(in crate::engine) fn success(draft: &Draft, id: UnitId, document: &Value) -> End {
    let task = &draft.state.template.tasks[id.task as usize];
    let item = item_of(&draft.state, id);
    let scope = draft.scope(item.as_ref());
    let outputs = if is_loop_action(task) {
        // The child's outputs are the task's: its template was made so.
        Ok(document.as_object().cloned().unwrap_or_default())
    } else {
        select(task, document, &scope)
    };
    match outputs {
        Ok(outputs) => End::Success { outputs },
        Err(failure) => failed(failure),
    }
}

/// Returns the loop item of a unit.
pub(in crate::engine) fn item_of(state: &State, id: UnitId) -> Option<Value> {
    let looping = state.tasks.get(id.task as usize)?.looping.as_ref()?;
    looping.plan.items.get(id.item? as usize).cloned()
}

fn failed(failure: Failure) -> End {
    End::Failed {
        failure,
        outputs: Map::new(),
    }
}
