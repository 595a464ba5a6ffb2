//! A state on which a decision is tried out.

use crate::base::time::Timestamp;
use crate::base::value::Value;
use crate::engine::apply;
use crate::engine::event::{End, Event, Fact, UnitId};
use crate::engine::scope::StateScope;
use crate::engine::state::State;

/// A copy of the state that runs ahead of it, and the facts that lead from one to the other.
#[derive(Debug)]
pub(in crate::engine) struct Draft {
    pub state: State,
    pub now: Timestamp,
    events: Vec<Event>,
}

impl Draft {
    /// Begins a decision.
    pub(in crate::engine) fn new(state: &State, now: Timestamp) -> Self {
        Self {
            state: state.clone(),
            now,
            events: Vec::new(),
        }
    }

    /// Records a fact and goes on from the state after it.
    pub(in crate::engine) fn record(&mut self, fact: Fact) {
        let event = Event { at: self.now, fact };
        apply::apply(&mut self.state, &event)
            .expect("a decision records only what fits the state that it looked at");
        self.events.push(event);
    }

    /// Records the end of a unit. A target that cannot be reached is treated as its loop wants it,
    /// unless the task is being ended.
    pub(in crate::engine) fn end_unit(&mut self, unit: UnitId, end: End) {
        let task = &self.state.tasks[unit.task as usize];
        let end = match &task.looping {
            Some(looping) if unit.item.is_some() && task.stopping.is_none() => looping.treat(end),
            _ => end,
        };
        self.record(Fact::UnitEnded { unit, end });
    }

    /// Returns the names as the item of a task sees them.
    pub(in crate::engine) fn scope<'a>(&'a self, item: Option<&'a Value>) -> StateScope<'a> {
        StateScope {
            state: &self.state,
            now: self.now,
            item,
        }
    }

    /// Returns what was recorded.
    pub(in crate::engine) fn into_events(self) -> Vec<Event> {
        self.events
    }
}
