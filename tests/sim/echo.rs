//! Every answer arrives twice: what was told once is told again, and nothing may follow from it.
//!
//! It is tried on the execution as its journal tells it: right behind the events that the answer
//! led to, and once more at the end.

use std::collections::BTreeSet;

use serde_json::json;

use oos::base::call::CallFault;
use oos::base::time::Timestamp;
use oos::base::value::Map;
use oos::engine::Execution;
use oos::engine::effect::EffectKey;
use oos::engine::event::Event;
use oos::engine::input::Input;
use oos::engine::status::ExecutionStatus;

/// What the world has been asked for, and what it has answered.
#[derive(Debug, Default)]
pub(crate) struct Echo {
    asked: BTreeSet<EffectKey>,
    met: BTreeSet<EffectKey>,
}

impl Echo {
    /// Tells again what has been told since the last look; returns what follows from it although
    /// nothing may.
    pub(crate) fn listen(&mut self, execution: &Execution, now: Timestamp) -> Vec<String> {
        let wanted: BTreeSet<EffectKey> = execution.effects().map(|(key, _)| key).collect();
        let told: Vec<EffectKey> = self.asked.difference(&wanted).copied().collect();
        self.met.extend(&told);
        self.asked = wanted;
        let again: Vec<EffectKey> = if execution.status().is_final() {
            self.met.iter().copied().collect()
        } else {
            told
        };
        let echoes = again.into_iter().flat_map(answers);
        echoes
            .filter_map(|input| heard(execution, &input, now))
            .collect()
    }
}

/// Returns what follows from an input that should be stale.
fn heard(execution: &Execution, input: &Input, now: Timestamp) -> Option<String> {
    let events: Vec<Event> = execution.decide(input, now).unwrap_or_default();
    (!events.is_empty()).then(|| format!("{input:?} comes again, and {events:?} follows"))
}

/// Returns the answers that an effect may get.
fn answers(key: EffectKey) -> Vec<Input> {
    match key {
        EffectKey::Call(unit, call) => [
            Ok(json!({"Status": "Running"})),
            Err(CallFault::Unreachable {
                reason: "an echo".to_owned(),
            }),
        ]
        .into_iter()
        .map(|answer| Input::Answered { unit, call, answer })
        .collect(),
        EffectKey::Timer(unit, timer) => vec![Input::TimerFired { unit, timer }],
        EffectKey::Child(unit) => vec![
            Input::ChildEnded {
                unit,
                status: ExecutionStatus::Success,
                outputs: Map::new(),
                message: String::new(),
            },
            Input::ChildRefused {
                unit,
                reason: "an echo".to_owned(),
            },
        ],
        EffectKey::Lock(unit) => vec![
            Input::LockGranted { unit },
            Input::LockRefused {
                unit,
                reason: "an echo".to_owned(),
            },
        ],
        // Nothing is told for these but what is told for the call or the child.
        EffectKey::CancelCall(_) | EffectKey::CancelChild(_) => Vec::new(),
    }
}
