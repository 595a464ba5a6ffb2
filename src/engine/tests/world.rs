//! The driver: one execution, a clock that jumps, and answers by hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::base::call::{ApiCall, ApiError, CallFault};
use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::source::Source;
use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::engine::Execution;
use crate::engine::effect::{Effect, EffectKey};
use crate::engine::event::{Event, Fact, Repeat, Request, Signal, Started, UnitId};
use crate::engine::input::{Input, Refused};
use crate::engine::status::{ExecutionStatus, LoopMode, Mode, SafetyCheck, TaskStatus};
use crate::template::model::Template;
use crate::template::parse::parse;

/// Reads the sections of a template; problems fail the test.
pub(super) fn template(text: &str) -> Arc<Template> {
    let text = format!("FormatVersion: OOS-2019-06-01\n{text}");
    let parsed = parse(&Source::new("<test>", text));
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    Arc::new(parsed.template.unwrap())
}

/// Returns the moment at which every test begins.
pub(super) fn start_time() -> Timestamp {
    "2030-01-02T03:04:05Z".parse().unwrap()
}

/// Returns what an execution is started with, when a test does not care.
pub(super) fn started() -> Started {
    Started {
        id: ExecutionId::new(start_time(), 7),
        template_name: "test".into(),
        template_version: None,
        template: Digest::of(b"template"),
        library: Digest::of(b"library"),
        tasks: Vec::new(),
        native: vec!["acs::ecs::native".into()],
        parameters: Map::new(),
        secret: Vec::new(),
        inherited_secrets: Vec::new(),
        mode: Mode::Automatic,
        loop_mode: LoopMode::Automatic,
        safety_check: SafetyCheck::Skip,
        region: "cn-test".into(),
        account: "1234".into(),
        user: "ann".into(),
        role: Some("runner".into()),
        parent: None,
        plan: None,
        self_approval: false,
        repeats: None,
        trigger: None,
        fired: None,
        hold: None,
        stored: Map::new(),
        stored_secrets: Map::new(),
        outer: None,
        inventory: None,
        origin: None,
        changing: Vec::new(),
        description: String::new(),
        tags: BTreeMap::new(),
    }
}

/// Makes a map of JSON.
pub(super) fn map(value: Value) -> Map {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no map"),
    }
}

/// Makes an API error.
pub(super) fn api_error(code: &str) -> CallFault {
    CallFault::Api(ApiError::new(code, "told so"))
}

/// One execution and everything around it.
pub(super) struct World {
    pub(super) live: Execution,
    pub(super) journal: Vec<Event>,
    pub(super) now: Timestamp,
    pub(super) owed: BTreeMap<EffectKey, Effect>,
    template: Arc<Template>,
}

impl World {
    /// Starts a template.
    pub(super) fn start(text: &str) -> Self {
        Self::start_with(text, |_| {})
    }

    /// Starts a template with parameters.
    pub(super) fn start_given(text: &str, parameters: Value) -> Self {
        Self::start_with(text, |started| started.parameters = map(parameters))
    }

    /// Starts a template with settings.
    pub(super) fn start_with(text: &str, change: impl FnOnce(&mut Started)) -> Self {
        let template = template(text);
        let mut started = started();
        change(&mut started);
        let mut world = Self {
            live: Execution::new(Arc::clone(&template)),
            journal: Vec::new(),
            now: start_time(),
            owed: BTreeMap::new(),
            template,
        };
        world.tell(&Input::Start(Box::new(started))).unwrap();
        world
    }

    /// Starts a new execution that takes over what this one, which has ended, came to.
    pub(super) fn repeat(&self) -> Self {
        let mut started = self.live.started().expect("it was started").clone();
        started.repeats = Some(Repeat {
            execution: started.id.clone(),
            note: String::new(),
            rest: true,
            taken: self.live.taken_over(),
        });
        started.id = ExecutionId::new(start_time(), 8);
        let mut world = Self {
            live: Execution::new(Arc::clone(&self.template)),
            journal: Vec::new(),
            now: self.now,
            owed: BTreeMap::new(),
            template: Arc::clone(&self.template),
        };
        world.tell(&Input::Start(Box::new(started))).unwrap();
        world
    }

    /// Tells the execution something, and checks the laws.
    #[track_caller]
    pub(super) fn tell(&mut self, input: &Input) -> Result<Vec<Event>, Refused> {
        let before = self.live.clone();
        let events = self.live.decide(input, self.now);
        assert_eq!(events, before.decide(input, self.now), "decide is pure");
        assert_eq!(before, self.live, "decide changes nothing");
        let events = events?;
        for event in &events {
            self.live.apply(event).expect("decided events apply");
            self.journal.push(event.clone());
        }
        self.check_effects();
        Ok(events)
    }

    /// Fresh effects are effects, and no effect appears without having been fresh.
    #[track_caller]
    fn check_effects(&mut self) {
        let fresh = self.live.take_fresh();
        let all: BTreeMap<_, _> = self.live.effects().collect();
        for (key, effect) in fresh {
            assert_eq!(
                all.get(&key),
                Some(&effect),
                "fresh effects are outstanding"
            );
            self.owed.insert(key, effect);
        }
        self.owed.retain(|key, _| all.contains_key(key));
        assert_eq!(self.owed, all, "every effect was fresh once");
    }

    /// Folds every prefix of the journal and compares with what the live execution would be.
    #[track_caller]
    pub(super) fn check_prefixes(&self) {
        let mut live = Execution::new(Arc::clone(&self.template));
        for (length, event) in self.journal.iter().enumerate() {
            let text = serde_json::to_string(event).unwrap();
            let event: Event = serde_json::from_str(&text).unwrap();
            live.apply(&event).unwrap();
            live.take_fresh();
            let prefix = self.journal[..=length].iter().cloned();
            let mut folded = Execution::fold(Arc::clone(&self.template), prefix).unwrap();
            let fresh: BTreeMap<_, _> = folded.take_fresh().into_iter().collect();
            assert_eq!(folded, live, "after event {length}");
            assert_eq!(
                fresh,
                live.effects().collect::<BTreeMap<_, _>>(),
                "after event {length}"
            );
        }
    }

    /// Returns the calls that are out, in order of their units.
    pub(super) fn calls(&self) -> Vec<(UnitId, u32, ApiCall)> {
        self.owed
            .iter()
            .filter_map(|(key, effect)| match (key, effect) {
                (EffectKey::Call(unit, number), Effect::Call { call, .. }) => {
                    Some((*unit, *number, call.clone()))
                }
                _ => None,
            })
            .collect()
    }

    /// Returns the only call that is out.
    #[track_caller]
    pub(super) fn call(&self) -> ApiCall {
        let calls = self.calls();
        assert_eq!(calls.len(), 1, "one call is out: {:?}", self.owed);
        calls[0].2.clone()
    }

    /// Returns the call of a loop item that is out.
    #[track_caller]
    pub(super) fn call_of(&self, item: u32) -> ApiCall {
        let calls = self.calls();
        let call = calls.iter().find(|(unit, ..)| unit.item == Some(item));
        call.expect("the item's call is out").2.clone()
    }

    /// Answers the first call that is out.
    #[track_caller]
    pub(super) fn answer(&mut self, answer: Value) -> Vec<Event> {
        self.answer_with(Ok(answer))
    }

    /// Answers the first call that is out with an API error.
    #[track_caller]
    pub(super) fn fail(&mut self, code: &str) -> Vec<Event> {
        self.answer_with(Err(api_error(code)))
    }

    /// Answers the first call that is out.
    #[track_caller]
    pub(super) fn answer_with(&mut self, answer: Result<Value, CallFault>) -> Vec<Event> {
        let (unit, call, _) = self.calls().first().expect("a call is out").clone();
        self.tell(&Input::Answered { unit, call, answer }).unwrap()
    }

    /// Answers the call of a loop item.
    #[track_caller]
    pub(super) fn answer_item(&mut self, item: u32, answer: Result<Value, CallFault>) {
        let calls = self.calls();
        let (unit, call, _) = calls
            .iter()
            .find(|(unit, ..)| unit.item == Some(item))
            .unwrap_or_else(|| panic!("no call of item {item} is out: {calls:?}"));
        let (unit, call) = (*unit, *call);
        self.tell(&Input::Answered { unit, call, answer }).unwrap();
    }

    /// Returns the loop items whose calls or children are out.
    pub(super) fn items(&self) -> Vec<u32> {
        self.owed
            .keys()
            .filter_map(|key| match key {
                EffectKey::Call(unit, _) | EffectKey::Child(unit) => unit.item,
                _ => None,
            })
            .collect()
    }

    /// Answers all calls with `{}` until none is out.
    #[track_caller]
    pub(super) fn answer_all(&mut self) {
        while !self.calls().is_empty() {
            self.answer(json!({}));
        }
    }

    /// Returns the earliest timer: when it fires, counted from now, and which it is.
    pub(super) fn timer(&self) -> Option<(Duration, UnitId, u32)> {
        let timers = self.owed.iter().filter_map(|(key, effect)| {
            let (EffectKey::Timer(unit, number), Effect::Timer { at }) = (key, effect) else {
                return None;
            };
            let wait = at.duration_since(self.now).unsigned_abs();
            Some((wait, *unit, *number))
        });
        timers.min()
    }

    /// Jumps to the earliest timer and fires it; returns how far that was in seconds.
    #[track_caller]
    pub(super) fn fire(&mut self) -> u64 {
        let (wait, unit, timer) = self.timer().expect("a timer runs");
        self.now = self.now.checked_add(wait).unwrap();
        self.tell(&Input::TimerFired { unit, timer }).unwrap();
        wait.as_secs()
    }

    /// Returns the children that are wanted: unit, id, template, parameters.
    pub(super) fn children(&self) -> Vec<(UnitId, ExecutionId, String, Map)> {
        self.owed
            .iter()
            .filter_map(|(key, effect)| match (key, effect) {
                (
                    EffectKey::Child(unit),
                    Effect::Child {
                        id,
                        template,
                        parameters,
                        ..
                    },
                ) => Some((*unit, id.clone(), template.clone(), parameters.clone())),
                _ => None,
            })
            .collect()
    }

    /// Ends the first child.
    #[track_caller]
    pub(super) fn end_child(&mut self, status: ExecutionStatus, outputs: Value, message: &str) {
        let (unit, ..) = self.children().first().expect("a child is out").clone();
        self.tell(&Input::ChildEnded {
            unit,
            status,
            outputs: map(outputs),
            message: message.into(),
        })
        .unwrap();
    }

    /// Says something as `by`.
    #[track_caller]
    pub(super) fn say(&mut self, by: &str, request: Request) -> Result<Vec<Event>, Refused> {
        self.tell(&Input::Signal(Signal {
            by: by.into(),
            note: String::new(),
            request,
            plan: None,
            number: None,
        }))
    }

    /// Approves as `by` for a plan.
    #[track_caller]
    pub(super) fn approve(&mut self, by: &str, plan: &Digest) -> Result<Vec<Event>, Refused> {
        self.tell(&Input::Signal(Signal {
            by: by.into(),
            note: String::new(),
            request: Request::Approve { task: None },
            plan: Some(plan.clone()),
            number: None,
        }))
    }

    /// Returns the plan of the moment.
    pub(super) fn plan(&self) -> Digest {
        self.live.plan().expect("the run is bound").clone()
    }

    /// Returns the status of a task by name.
    #[track_caller]
    pub(super) fn task(&self, name: &str) -> TaskStatus {
        let (place, _) = self.template.task(name).expect("the task exists");
        self.live.task_status(u32::try_from(place).unwrap())
    }

    /// Returns the outputs of a task by name.
    #[track_caller]
    pub(super) fn outputs(&self, name: &str) -> Value {
        let (place, _) = self.template.task(name).expect("the task exists");
        let outputs = self.live.task_outputs(u32::try_from(place).unwrap());
        Value::Object(outputs.unwrap().clone())
    }

    /// Checks that the execution has ended, and its journal.
    #[track_caller]
    pub(super) fn ended(&self, status: ExecutionStatus) {
        assert_eq!(self.live.status(), status, "{}", self.live.message());
        assert!(self.owed.is_empty());
        self.check_prefixes();
    }

    /// Counts the events of a kind.
    pub(super) fn count(&self, is: impl Fn(&Fact) -> bool) -> usize {
        self.journal.iter().filter(|event| is(&event.fact)).count()
    }
}
