//! What must hold whatever happens, looked at after every append and every call.
//!
//! The witness folds each journal as it grows. So it knows at any moment what an execution may ask
//! of the world, without believing anything that the runner says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use oos::base::call::{ApiCall, Recovery};
use oos::base::id::ExecutionId;
use oos::base::time::Timestamp;
use oos::engine::Execution;
use oos::engine::effect::{Effect, EffectKey};
use oos::engine::event::{End, Event, Fact, Request, UnitId, Work};
use oos::engine::status::{ExecutionStatus, WaitReason};
use oos::provider::CallContext;
use oos::template::model::{Jump, Template};

use crate::cloud::may_repeat;
use crate::echo::Echo;
use crate::locking::LockLaw;
use crate::looping::LoopLaw;

/// Names a call: which call of which unit of which execution.
pub(crate) type CallName = (ExecutionId, UnitId, u32);

/// How late a timer may be: as long as a runner sleeps without asking the clock.
const LATEST: Duration = Duration::from_secs(31);

/// Sees everything, and writes down what is against the law.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    shadows: BTreeMap<ExecutionId, Shadow>,
    calls: BTreeMap<CallName, CallState>,
    tokens: BTreeMap<String, CallName>,
    locks: LockLaw,
    /// Signals by number: how often each is in a journal, and whether hearing it leaves a trace.
    signals: BTreeMap<u64, (u32, bool)>,
    broken: Vec<String>,
}

/// An execution as its journal tells it.
#[derive(Debug)]
struct Shadow {
    execution: Execution,
    events: usize,
    loops: LoopLaw,
    /// How many events the process knows to be durable.
    known: usize,
    /// The event with which the task at work began to be ended.
    stopping: usize,
    /// The task at work when cancelling began, and whether something is done about that.
    cancelled: Option<(Option<u32>, bool)>,
    /// Units by what became of them.
    works: BTreeMap<UnitId, Work>,
    ended: BTreeSet<UnitId>,
    echo: Echo,
}

/// What is known of a call.
#[derive(Clone, Debug, Default)]
struct CallState {
    /// How many callers wait for it.
    flying: u32,
    /// How often it was made, not counting when the cloud was not reached.
    made: u32,
    /// Whether it was answered.
    answered: bool,
}

impl Witness {
    /// Returns what is against the law so far.
    pub(crate) fn broken(&self) -> &[String] {
        &self.broken
    }

    /// Writes down something against the law.
    pub(crate) fn accuse(&mut self, what: String) {
        self.broken.push(what);
    }

    /// Looks at events that have just become durable.
    pub(crate) fn appended(
        &mut self,
        id: &ExecutionId,
        events: &[Event],
        template: impl FnOnce() -> Arc<Template>,
    ) {
        for event in events {
            self.heard(&event.fact);
        }
        let shadow = self.shadows.entry(id.clone()).or_insert_with(|| Shadow {
            execution: Execution::new(template()),
            events: 0,
            loops: LoopLaw::default(),
            known: 0,
            stopping: 0,
            cancelled: None,
            works: BTreeMap::new(),
            ended: BTreeSet::new(),
            echo: Echo::default(),
        });
        for event in events {
            let mut broken = Vec::new();
            shadow.look(event, &mut broken);
            broken.extend(self.locks.look(id, event));
            if let Fact::UnitEnded { unit, end } = &event.fact {
                broken.extend(unfounded(&self.calls, shadow, id, *unit, end));
            }
            shadow.events += 1;
            if let Fact::TaskStopping { .. } = &event.fact {
                shadow.stopping = shadow.events;
            }
            let place = shadow.events;
            self.broken.extend(
                broken
                    .into_iter()
                    .map(|what| format!("{id} event {place}: {what}")),
            );
        }
        if let Some(last) = events.last() {
            let place = shadow.events;
            let echoes = shadow.echo.listen(&shadow.execution, last.at);
            let echoes = echoes.into_iter();
            self.broken
                .extend(echoes.map(|what| format!("{id} event {place}: {what}")));
        }
    }

    /// Somebody posted a signal. To cancel what is being cancelled leaves no trace.
    pub(crate) fn posted(&mut self, number: u64, request: &Request) {
        let leaves_trace = !matches!(request, Request::Cancel | Request::CancelTask { .. });
        self.signals.insert(number, (0, leaves_trace));
    }

    /// Somebody was told that a signal was heard: it must be on record. The first answer counts.
    pub(crate) fn settled(&mut self, number: u64, refused: bool) {
        let Some((times, leaves_trace)) = self.signals.get_mut(&number) else {
            return;
        };
        let is_lost = *times == 0 && std::mem::take(leaves_trace) && !refused;
        if is_lost {
            let what = format!("signal {number} counts as heard and is not on record");
            self.accuse(what);
        }
    }

    fn heard(&mut self, fact: &Fact) {
        let Fact::SignalReceived { signal } = fact else {
            return;
        };
        let known = signal
            .number
            .and_then(|number| self.signals.get_mut(&number));
        if let Some((times, _)) = known {
            *times += 1;
            if *times > 1 {
                self.accuse(format!("{signal:?} is heard twice"));
            }
        }
    }

    /// A process was told that everything it appended is durable.
    pub(crate) fn acknowledged(&mut self, id: &ExecutionId) {
        if let Some(shadow) = self.shadows.get_mut(id) {
            shadow.known = shadow.events;
        }
    }

    /// A new process begins with what is durable.
    pub(crate) fn restarted(&mut self) {
        for shadow in self.shadows.values_mut() {
            shadow.known = shadow.events;
        }
    }

    /// Looks at a call that reaches the cloud; returns its name.
    pub(crate) fn arrives(
        &mut self,
        call: &ApiCall,
        context: &CallContext,
        recovery: Recovery,
    ) -> CallName {
        let log = &context.log;
        let demand = self
            .shadows
            .get(&log.execution)
            .and_then(|shadow| shadow.demand(call, context));
        let Some((unit, number, stopping)) = demand else {
            let name = call.display_name();
            self.accuse(format!(
                "{name} of `{}` in {} is called, and no durable event demands it",
                log.task, log.execution
            ));
            let unit = UnitId {
                task: u32::MAX,
                item: log.item,
                attempt: log.attempt,
            };
            let name = (log.execution.clone(), unit, 0);
            self.calls.entry(name.clone()).or_default().flying += 1;
            return name;
        };
        let name = (log.execution.clone(), unit, number);
        if stopping && !(context.resumed && recovery == Recovery::Resumable) {
            self.accuse(format!("{name:?} is made although its task is being ended"));
        }
        let owner = self
            .tokens
            .entry(call.client_token.clone())
            .or_insert_with(|| name.clone());
        if *owner != name {
            let what = format!("{owner:?} and {name:?} have the same client token");
            self.accuse(what);
        }
        let state = self.calls.entry(name.clone()).or_default();
        let made = state.made;
        state.flying += 1;
        state.made += 1;
        let is_selection = call.client_token.matches('-').count() > 1;
        if made > 0 && !is_selection && !(may_repeat(recovery) && context.resumed) {
            self.accuse(format!("{name:?} ({recovery:?}) is made again"));
        }
        name
    }

    /// The cloud was not reached: as if the call had not been made.
    pub(crate) fn missed(&mut self, name: &CallName) {
        self.calls.entry(name.clone()).or_default().made -= 1;
    }

    pub(crate) fn answered(&mut self, name: &CallName) {
        self.calls.entry(name.clone()).or_default().answered = true;
    }

    /// Nobody waits for the call any more.
    pub(crate) fn left(&mut self, name: &CallName) {
        self.calls.entry(name.clone()).or_default().flying -= 1;
    }

    /// Returns an execution as its journal tells it.
    pub(crate) fn execution(&self, id: &ExecutionId) -> Option<&Execution> {
        self.shadows.get(id).map(|shadow| &shadow.execution)
    }

    /// Returns the ids of all executions, parents before children.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &ExecutionId> {
        self.shadows.keys()
    }

    /// Looks at a world in which nothing has happened for a while: everybody must have a reason to
    /// wait.
    pub(crate) fn quiet(&mut self, now: Timestamp) {
        let mut broken = Vec::new();
        for (id, shadow) in &self.shadows {
            if !shadow.execution.status().is_final() {
                self.look_at_waiting(id, &shadow.execution, now, &mut broken);
            }
        }
        self.broken.extend(broken);
    }

    fn look_at_waiting(
        &self,
        id: &ExecutionId,
        execution: &Execution,
        now: Timestamp,
        broken: &mut Vec<String>,
    ) {
        let reasons = execution.wait_reasons();
        let effects: Vec<_> = execution.effects().collect();
        if effects.is_empty() && reasons.is_empty() {
            broken.push(format!(
                "{id} is {:?} and waits for nothing",
                execution.status()
            ));
        }
        for (key, effect) in &effects {
            match (key, effect) {
                (EffectKey::Timer(..), Effect::Timer { at })
                    if at.checked_add(LATEST).is_ok_and(|latest| latest < now) =>
                {
                    broken.push(format!("{id}: {key:?} was due at {at}, it is {now}"));
                }
                (EffectKey::Call(unit, number), Effect::Call { call, .. }) => {
                    let name = (id.clone(), *unit, *number);
                    let flying = self.calls.get(&name).is_some_and(|call| call.flying > 0);
                    if !flying && !call.service.eq_ignore_ascii_case("OOS") {
                        broken.push(format!("{name:?} is waited for, and nobody makes it"));
                    }
                }
                (EffectKey::Child(_), Effect::Child { id: child, .. }) => {
                    broken.extend(self.look_at_child(id, &reasons, child, effects.len()));
                }
                _ => {}
            }
        }
    }

    /// Parent and child must agree on whether the child waits.
    fn look_at_child(
        &self,
        id: &ExecutionId,
        reasons: &[WaitReason],
        child: &ExecutionId,
        wishes: usize,
    ) -> Option<String> {
        let Some(shadow) = self.shadows.get(child) else {
            return Some(format!("{id} waits for {child}, which never began"));
        };
        let status = shadow.execution.status();
        if status.is_final() {
            return Some(format!("{id} was not told that {child} is {status:?}"));
        }
        let told = reasons.contains(&WaitReason::Child { id: child.clone() });
        let waits = status == ExecutionStatus::Waiting;
        // With others at work the parent does not say which child waits.
        let known = told || wishes == 1;
        (known && told != waits)
            .then(|| format!("{id} thinks otherwise of {child}: it is {status:?}"))
    }
}

/// Returns what is wrong with an end that nobody's answer stands behind.
fn unfounded(
    calls: &BTreeMap<CallName, CallState>,
    shadow: &Shadow,
    id: &ExecutionId,
    unit: UnitId,
    end: &End,
) -> Option<String> {
    let claims = match end {
        End::Success { .. } => true,
        End::Failed { failure, .. } => failure.code != "Timeout",
        End::Skipped { reason } => reason.is_some(),
        End::Deferred { .. } => true,
        End::Cancelled { .. } => false,
    };
    let (true, Some(Work::Call { call } | Work::Poll { call, .. })) =
        (claims, shadow.works.get(&unit))
    else {
        return None;
    };
    let first = (id.clone(), unit, 0);
    let last = (id.clone(), unit, u32::MAX);
    let answered = calls.range(first..=last).any(|(_, call)| call.answered);
    // The runner answers for itself, and a selection by nothing selects nothing.
    let own = call.service.eq_ignore_ascii_case("OOS") || call.api == "ACS::SelectTargets";
    (!answered && !own).then(|| format!("{unit:?} ended without an answer: {end:?}"))
}

impl Shadow {
    /// Finds the demand that a call answers to: unit, number, and whether it is being ended.
    fn demand(&self, call: &ApiCall, context: &CallContext) -> Option<(UnitId, u32, bool)> {
        let log = &context.log;
        let effects: Vec<_> = self.execution.effects().collect();
        effects.iter().find_map(|(key, effect)| {
            let (EffectKey::Call(unit, number), Effect::Call { call: wanted, task }) =
                (key, effect)
            else {
                return None;
            };
            let same = unit.item == log.item && unit.attempt == log.attempt && *task == log.task;
            let whole = call.client_token == wanted.client_token
                && call.api == wanted.api
                && call.parameters == wanted.parameters;
            // The parts of a selection of targets have tokens made from the whole one's.
            let part = call
                .client_token
                .strip_prefix(&wanted.client_token)
                .is_some_and(|rest| rest.starts_with('-'));
            // Until the process is told so, it may still act as if it were not.
            let stopping = self.known >= self.stopping
                && effects
                    .iter()
                    .any(|(key, _)| *key == EffectKey::CancelCall(*unit));
            (same && (whole || part)).then_some((*unit, *number, stopping))
        })
    }

    fn look(&mut self, event: &Event, broken: &mut Vec<String>) {
        let before = self.execution.clone();
        if let Err(error) = self.execution.apply(event) {
            broken.push(error.to_string());
        }
        self.loops.look(&event.fact, broken);
        match &event.fact {
            Fact::UnitStarted { unit, work, .. } => {
                self.works.insert(*unit, work.clone());
            }
            Fact::UnitEnded { unit, end } => {
                if !self.ended.insert(*unit) {
                    broken.push(format!("{unit:?} ends twice"));
                }
                if !self.works.contains_key(unit) && matches!(end, End::Success { .. }) {
                    broken.push(format!("{unit:?} ends without having begun"));
                }
            }
            Fact::CancelRequested { .. } => self.cancelled = Some(cleaning(&before)),
            _ => {}
        }
        self.look_at_start(event, broken);
    }

    /// After a cancel only what cleans up may begin.
    fn look_at_start(&self, event: &Event, broken: &mut Vec<String>) {
        let Some((current, cleans)) = &self.cancelled else {
            return;
        };
        let task = match &event.fact {
            Fact::TaskStarted { task, .. } => *task,
            Fact::UnitStarted { unit, .. } => unit.task,
            _ => return,
        };
        if !cleans || Some(task) == *current {
            let mut what = String::new();
            write!(what, "{} begins after the cancel", event.fact.name()).unwrap();
            broken.push(what);
        }
    }
}

/// Returns the task at which an execution is being cancelled and whether it names a path that
/// cleans up.
fn cleaning(execution: &Execution) -> (Option<u32>, bool) {
    let current = execution.current_tasks().first().copied().cloned();
    let found = current.and_then(|name| execution.template().task(name.as_str()));
    match found {
        None => (None, false),
        Some((place, task)) => {
            let jump = task.on_cancel.as_ref().map(|jump| &jump.value);
            let cleans = jump.is_some_and(|jump| *jump != Jump::End);
            (u32::try_from(place).ok(), cleans)
        }
    }
}
