//! The engine alone: one execution, no runner, no store, and so a great many steps. Everything is
//! delivered twice, late or not at all, and the execution is folded anew from its journal's text
//! again and again.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use oos::base::call::CallFault;
use oos::base::time::Timestamp;
use oos::base::value::Map;
use oos::engine::Execution;
use oos::engine::effect::{DEADLINE, Effect, EffectKey};
use oos::engine::event::{Event, Request, Signal, Started};
use oos::engine::input::{Input, Refused};
use oos::engine::status::ExecutionStatus;
use oos::template::model::Template;

use crate::chance::Chance;
use crate::looping::LoopLaw;
use crate::scenario::{self, Asked, Scenario};
use crate::world;

/// After so many steps an execution is left alone; most end long before.
const STEPS: u32 = 120;

/// How many executions the test drives.
const EXECUTIONS: u64 = 3_000;

/// A template, and what it is started with.
type Prepared = (Arc<Template>, Started);

/// Returns what a scenario starts with; prepared once, by the runner.
fn prepared(scenario: &Arc<Scenario>) -> Prepared {
    static KNOWN: LazyLock<Mutex<BTreeMap<String, Prepared>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    let prepared = known
        .entry(scenario.name.clone())
        .or_insert_with(|| world::prepared(scenario));
    prepared.clone()
}

/// One execution, and its journal as text.
struct Lone {
    scenario: Arc<Scenario>,
    template: Arc<Template>,
    live: Execution,
    journal: Vec<String>,
    loops: LoopLaw,
    now: Timestamp,
    chance: Chance,
    /// What it was told, to be told again.
    told: Vec<Input>,
}

impl Lone {
    fn start(scenario: &Arc<Scenario>, seed: u64) -> Self {
        let (template, started) = prepared(scenario);
        let mut lone = Self {
            scenario: Arc::clone(scenario),
            live: Execution::new(Arc::clone(&template)),
            template,
            journal: Vec::new(),
            loops: LoopLaw::default(),
            now: "2030-01-02T03:04:05Z".parse().unwrap(),
            chance: Chance::named(seed, "engine"),
            told: Vec::new(),
        };
        let first = lone.tell(&Input::Start(Box::new(started)));
        first.expect("a new execution can start");
        lone
    }

    /// Decides, writes down, applies.
    fn tell(&mut self, input: &Input) -> Result<(), Refused> {
        let before = self.live.clone();
        let events = self.live.decide(input, self.now)?;
        assert_eq!(before, self.live, "deciding changes nothing");
        let mut broken = Vec::new();
        for event in &events {
            self.live.apply(event).expect("what was decided applies");
            self.loops.look(&event.fact, &mut broken);
            self.journal.push(serde_json::to_string(event).unwrap());
        }
        assert!(broken.is_empty(), "{broken:?}");
        // Somebody always asks; what was fresh is part of what is owed.
        let fresh = self.live.take_fresh();
        let owed: Vec<_> = self.live.effects().collect();
        assert!(fresh.iter().all(|effect| owed.contains(effect)));
        Ok(())
    }

    /// Dies and is folded from its text: the same state, and everything owed is fresh again.
    fn die(&mut self) {
        let events = self
            .journal
            .iter()
            .map(|text| serde_json::from_str(text).unwrap());
        let mut folded =
            Execution::fold(Arc::clone(&self.template), events.collect::<Vec<Event>>()).unwrap();
        let mut fresh = folded.take_fresh();
        let mut owed: Vec<_> = self.live.effects().collect();
        fresh.sort_by_key(|(key, _)| *key);
        owed.sort_by_key(|(key, _)| *key);
        assert_eq!(fresh, owed, "after a crash everything owed is asked for");
        assert_eq!(folded, self.live);
        self.live = folded;
    }

    /// Takes one step; tells whether there may be another.
    fn step(&mut self) -> bool {
        let status = self.live.status();
        if status.is_final() {
            let refused = self.tell(&self.word(Request::Cancel));
            assert_eq!(refused, Err(Refused::Ended(status)));
            return false;
        }
        let owed: Vec<(EffectKey, Effect)> = self.live.effects().collect();
        assert!(
            !owed.is_empty() || !self.live.wait_reasons().is_empty(),
            "{status:?} and waits for nothing"
        );
        match self.chance.below(10) {
            0 => self.die(),
            1 => self.again(),
            2 => {
                let request = self.request();
                let word = self.word(request);
                self.may_be_refused(&word);
            }
            _ if owed.is_empty() => {
                let word = self.word(Request::Approve { task: None });
                self.may_be_refused(&word);
            }
            _ => {
                let (key, effect) = self.chance.pick(&owed).clone();
                self.deliver(key, effect);
            }
        }
        true
    }

    fn deliver(&mut self, key: EffectKey, effect: Effect) {
        let Some(input) = self.input(key, effect) else {
            return;
        };
        if matches!(input, Input::ChildChanged { .. }) {
            return self.may_be_refused(&input);
        }
        let told = self.tell(&input);
        assert_eq!(told, Ok(()), "{key:?} was owed");
        self.told.push(input);
    }

    /// Tells something again that was told already: nobody waits for it any more.
    fn again(&mut self) {
        if self.told.is_empty() {
            return;
        }
        let input = self.chance.pick(&self.told).clone();
        let before = self.live.clone();
        let refused = self.tell(&input);
        assert_eq!(refused, Err(Refused::Stale), "{input:?} told twice");
        assert_eq!(before, self.live);
    }

    fn may_be_refused(&mut self, input: &Input) {
        let before = self.live.clone();
        if self.tell(input).is_err() {
            assert_eq!(before, self.live, "a refusal changes nothing");
        }
    }

    fn word(&self, request: Request) -> Input {
        let mut chance = self.chance.clone();
        Input::Signal(Signal {
            by: (*chance.pick(&["bob", "cy", "dee", "eve"])).to_owned(),
            note: String::new(),
            request,
            plan: None,
            number: None,
        })
    }

    fn request(&mut self) -> Request {
        let names: Vec<String> = self
            .template
            .tasks
            .iter()
            .map(|task| task.name.value.to_string())
            .collect();
        let task = self.chance.pick(&names).clone();
        let parameters = None;
        match self.chance.below(24) {
            0 => Request::Cancel,
            1 => Request::Reject { task: None },
            2 => Request::CancelTask { task },
            3 => Request::CompleteExecution {
                status: ExecutionStatus::Failed,
            },
            4..=8 => Request::ExecuteTask { task, parameters },
            9..=12 => Request::RetryTask {
                task: None,
                parameters,
            },
            13..=16 => Request::SkipTask { task: None },
            _ => Request::Approve { task: None },
        }
    }

    /// Returns what the world says to a wish; none to a wish that something ends.
    fn input(&mut self, key: EffectKey, effect: Effect) -> Option<Input> {
        Some(match (key, effect) {
            (EffectKey::Call(unit, call), Effect::Call { call: made, .. }) => {
                let task = self.template.tasks.get(unit.task as usize);
                let asked = Asked {
                    call: &made,
                    number: call,
                    task,
                };
                let reason = || "x".to_owned();
                let answer = match self.chance.below(12) {
                    0 => Err(CallFault::Unknown { reason: reason() }),
                    1 => Err(CallFault::Unreachable { reason: reason() }),
                    2 => Err(CallFault::Cancelled { report: reason() }),
                    _ => self.scenario.answer(&asked),
                };
                Input::Answered { unit, call, answer }
            }
            (EffectKey::Timer(unit, timer), Effect::Timer { at }) => {
                // The time of a task that is being ended anyway does not matter any more.
                if timer == DEADLINE && !self.chance.one_in(3) {
                    return None;
                }
                self.now = self.now.max(at);
                Input::TimerFired { unit, timer }
            }
            (EffectKey::Lock(unit), _) => match self.chance.below(8) {
                0 => Input::LockRefused {
                    unit,
                    reason: "x".to_owned(),
                },
                _ => Input::LockGranted { unit },
            },
            (EffectKey::Child(unit), _) => match self.chance.below(6) {
                0 => Input::ChildChanged {
                    unit,
                    waiting: self.chance.one_in(2),
                },
                1 => Input::ChildRefused {
                    unit,
                    reason: "x".to_owned(),
                },
                draw => Input::ChildEnded {
                    unit,
                    status: match draw {
                        2 => ExecutionStatus::Failed,
                        3 => ExecutionStatus::Cancelled,
                        _ => ExecutionStatus::Success,
                    },
                    outputs: Map::new(),
                    message: "Broken: no".to_owned(),
                },
            },
            _ => {
                self.now = self.now.checked_add(Duration::from_secs(1)).unwrap();
                return None;
            }
        })
    }
}

/// Drives one execution as far as it goes; returns how many steps it took.
pub(crate) fn drive(seed: u64) -> u32 {
    let names = scenario::names();
    let name = *Chance::named(seed, "name").pick(&names);
    let mut lone = Lone::start(&scenario::find(name), seed);
    let steps = (1..STEPS).find(|_| !lone.step()).unwrap_or(STEPS);
    lone.die();
    steps
}

#[test]
fn the_engine_keeps_the_laws_whatever_it_is_told() {
    let mut steps = 0;
    for seed in 0..EXECUTIONS {
        println!("seed {seed}");
        steps += u64::from(drive(seed));
    }
    println!("{steps} steps");
}
