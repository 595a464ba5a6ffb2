//! An execution as a value: folded from facts, asked what follows from an input, asked what it
//! wants from the world. Nothing here acts or knows the time.

use std::sync::Arc;

use crate::base::time::Timestamp;
use crate::engine::apply::{self, IllegalEvent};
use crate::engine::decide;
use crate::engine::effect::{Effect, EffectKey};
use crate::engine::event::Event;
use crate::engine::input::{Input, Refused};
use crate::engine::state::State;
use crate::template::model::Template;

/// One run of a template. A copy shares everything with its original and costs next to nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct Execution {
    pub(super) state: State,
}

impl Execution {
    /// Makes an execution before its first event.
    pub fn new(template: Arc<Template>) -> Self {
        Self {
            state: State::new(template),
        }
    }

    /// Makes the execution that `events` tell of.
    ///
    /// Fails if they are not what some execution of `template` could have recorded.
    pub fn fold(
        template: Arc<Template>,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<Self, IllegalEvent> {
        let mut execution = Self::new(template);
        for event in events {
            execution.apply(&event)?;
        }
        Ok(execution)
    }

    /// Returns everything that follows from `input` at `now`, up to the point where something must
    /// be waited for. Pure: the same state, input and time give the same events. They are to be
    /// recorded together, then applied in order. No events is an answer too: nothing is to be done.
    pub fn decide(&self, input: &Input, now: Timestamp) -> Result<Vec<Event>, Refused> {
        decide::decide(&self.state, input, now)
    }

    /// Folds one fact into the state. Accepts every event that [`Execution::decide`] returned for
    /// this state; after an error the state is not to be used any more.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalEvent> {
        apply::apply(&mut self.state, event)
    }

    /// Returns everything that the world owes this execution, derived from state alone.
    pub fn effects(&self) -> impl Iterator<Item = (EffectKey, Effect)> {
        let keys = self.state.effect_keys();
        keys.filter_map(|key| Some((key, self.state.effect(key)?)))
    }

    /// Returns the effects demanded since the last call; after [`Execution::fold`], all of them.
    ///
    /// What it returns is always a part of [`Execution::effects`]: a demand that was met or taken
    /// back meanwhile is left out. Costs as much as there are new demands.
    pub fn take_fresh(&mut self) -> Vec<(EffectKey, Effect)> {
        std::mem::take(&mut self.state.fresh)
            .into_iter()
            .filter(|key| self.state.is_demanded(*key))
            .filter_map(|key| Some((key, self.state.effect(key)?)))
            .collect()
    }
}
