//! What a new execution of the same template takes over from one that has ended.
//!
//! What succeeded is not done again, with two exceptions. What a failure led to by name
//! (`OnError: clean-up`) answered that failure: it runs again when the path leads there. And what
//! names outputs of a task that runs again would have seen others.

use std::sync::Arc;

use crate::base::name::Name;
use crate::engine::event::{End, Kept, LoopPlan, Taken};
use crate::engine::execution::Execution;
use crate::engine::output::collected;
use crate::engine::state::{Item, LoopState, State, TaskState};
use crate::engine::status::TaskStatus;
use crate::template::check::{conditions, expressions_of};
use crate::template::expr::{Expression, Reference};
use crate::template::model::{Jump, Task, Template};

impl Execution {
    /// Returns what is taken over when the execution, which has ended, is repeated from where it
    /// failed: tasks that ended well on the path that it took, and of loops that did not the items
    /// that did.
    pub fn taken_over(&self) -> Vec<Taken> {
        let mut taken = Vec::new();
        let mut again: Vec<&Name> = Vec::new();
        let mut next = Some(0);
        while let Some(place) = next {
            let index = place as usize;
            let (Some(task), Some(declared)) = (
                self.state.tasks.get(index),
                self.state.template.tasks.get(index),
            ) else {
                break;
            };
            let stands = !names_any(&self.state.template, declared, &again);
            if let Some(end) = done(task).filter(|_| stands) {
                taken.push(Taken::Task {
                    task: place,
                    end,
                    target: task.target.clone(),
                });
            } else {
                again.push(&declared.name.value);
                if let Some(looping) = task.looping.as_ref().filter(|_| stands) {
                    let plan = kept_plan(declared, looping);
                    taken.push(Taken::Loop { task: place, plan });
                }
            }
            next = following(&self.state, place, task, declared);
        }
        taken
    }
}

/// Returns how the task ended, if it need not run again.
fn done(task: &TaskState) -> Option<End> {
    match task.status {
        TaskStatus::Success => Some(End::Success {
            outputs: task.outputs.as_ref().clone(),
        }),
        TaskStatus::Skipped => Some(End::SKIPPED),
        TaskStatus::Pending
        | TaskStatus::Running
        | TaskStatus::Waiting
        | TaskStatus::Unknown
        | TaskStatus::Failed
        | TaskStatus::Cancelled => None,
    }
}

/// Returns the task that was next, unless the path led away from what would have been next.
fn following(state: &State, place: u32, task: &TaskState, declared: &Task) -> Option<u32> {
    let jump = match task.status {
        TaskStatus::Success => task
            .target
            .as_ref()
            .or(declared.on_success.as_ref().map(|jump| &jump.value))
            .unwrap_or(&Jump::Next),
        TaskStatus::Skipped => &Jump::Next,
        TaskStatus::Failed => &declared.on_error.as_ref()?.value,
        TaskStatus::Cancelled => &declared.on_cancel.as_ref()?.value,
        TaskStatus::Pending | TaskStatus::Running | TaskStatus::Waiting | TaskStatus::Unknown => {
            return None;
        }
    };
    match jump {
        Jump::Next => Some(place + 1),
        Jump::Task(name) if task.status == TaskStatus::Success => {
            let (target, _) = state.template.task(name.as_str())?;
            u32::try_from(target).ok().filter(|target| *target > place)
        }
        Jump::Task(_) | Jump::End => None,
    }
}

/// Tells whether what a task runs with may name outputs of one of `tasks`. A named condition counts
/// for every task: it may be used in any.
fn names_any(template: &Template, task: &Task, tasks: &[&Name]) -> bool {
    let names = |expression: &Expression| {
        expression.references().iter().any(|reference| {
            matches!(&reference.value, Reference::Output { task, .. } if tasks.contains(&task))
        })
    };
    !tasks.is_empty() && (expressions_of(task).any(names) || conditions(template).any(names))
}

/// Returns the loop with what its items came to.
fn kept_plan(task: &Task, looping: &LoopState) -> LoopPlan {
    let fields = collected(task);
    let kept = looping.items.iter().map(|item| match item {
        Item::Success(values) => {
            let values = values.as_deref().unwrap_or_default();
            let outputs = fields
                .iter()
                .zip(values)
                .map(|(field, value)| (field.as_str().to_owned(), value.clone()));
            Some(Kept::Success {
                outputs: outputs.collect(),
            })
        }
        Item::Skipped => Some(Kept::Skipped),
        Item::Pending | Item::Active | Item::Failed | Item::Unreached | Item::Deferred => None,
    });
    let kept: Vec<Option<Kept>> = kept.collect();
    let is_any = kept.iter().any(Option::is_some);
    LoopPlan {
        kept: Arc::new(if is_any { kept } else { Vec::new() }),
        ..looping.plan.as_ref().clone()
    }
}
