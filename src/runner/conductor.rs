//! Works on one execution: decide, append, apply, act. Children are conducted the same way, each
//! by its own conductor, all below one root.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::base::call::ApiCall;
use crate::base::id::ExecutionId;
use crate::base::secret::Redactor;
use crate::base::value::{Map, Value};
use crate::engine::Execution;
use crate::engine::effect::{Effect, EffectKey};
use crate::engine::event::{Event, Fact, Request, Signal, Started, UnitId};
use crate::engine::input::{Input, Refused};
use crate::engine::status::{ExecutionStatus, WaitReason};
use crate::runner::child;
use crate::runner::closure::Closure;
use crate::runner::effector;
use crate::runner::failpoint;
use crate::runner::handle::{Runner, RunnerError};
use crate::runner::loopback;
use crate::runner::mail::Order;
use crate::runner::rest::{Rests, Stand, Timers};
use crate::store::{LockWish, Seq};

/// How long a stop waits for calls that can neither be made again nor be attached to.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// How many answers are decided on together at most: who watches wants to see something move.
const MOST_AT_ONCE: usize = 256;

/// How much is under way at least when answers are waited for a little: the next ones are near then.
const CROWD: usize = 32;

/// How long they are waited for. An append costs a flush of the disk however many answers it holds, and those
/// of hosts come one by one.
const GATHERING: Duration = Duration::from_millis(5);

/// What all executions below one root share.
#[derive(Debug)]
pub(super) struct Tree {
    /// Every template that may be called, pinned.
    pub(super) closure: Arc<Closure>,
    /// Fires when no new work is to be started.
    pub(super) stop: CancellationToken,
    /// Whether to stop as soon as the root waits for a person.
    pub(super) stop_when_waiting: bool,
    /// Where the executions say how they stand, if work is to stop as soon as all of them rest.
    pub(super) rests: Option<Arc<Rests>>,
}

/// How a conductor came to its end.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Ended {
    /// The execution ended.
    Final {
        /// With this status.
        status: ExecutionStatus,
        /// With these outputs.
        outputs: Map,
        /// For this reason.
        message: String,
    },
    /// Work was stopped; whoever takes it up goes on where it stands.
    Stopped,
}

/// An execution with its place in the journal, ready to be worked on.
#[derive(Debug)]
pub(super) struct Seat {
    /// The execution, folded.
    pub(super) execution: Execution,
    /// Position of its last event; 0 before the start.
    pub(super) seq: Seq,
    /// Whether effects demanded earlier may have left a process that died.
    pub(super) resumed: bool,
    /// The first thing it is told.
    pub(super) first: Option<Input>,
    /// Numbers of the signals that are in the journal.
    pub(super) heard: HashSet<u64>,
}

/// The parent's end of a conducted child.
#[derive(Clone, Debug)]
pub(super) struct Parent {
    /// The unit that waits for the child.
    pub(super) unit: UnitId,
    /// Takes `ChildChanged`.
    pub(super) news: mpsc::UnboundedSender<Input>,
}

/// What a spawned effect came to.
pub(super) enum Told {
    /// Something to decide on.
    Input(Input),
    /// A child was stopped with everything else.
    Stopped,
}

/// The work of conducting; boxed because children are conducted inside.
pub(super) type Conducting = Pin<Box<dyn Future<Output = Result<Ended, RunnerError>> + Send>>;

/// Works on an execution until it ends or is stopped.
pub(super) fn conduct(
    runner: Runner,
    tree: Arc<Tree>,
    id: ExecutionId,
    seat: Seat,
    parent: Option<Parent>,
) -> Conducting {
    Box::pin(async move {
        let (orders, inbox) = mpsc::unbounded_channel();
        let _registration = runner.mail().register(&id, orders);
        // What was posted while nobody worked on it.
        runner.deliver(&id).await?;
        let (news_sender, news) = mpsc::unbounded_channel();
        let conductor = Conductor {
            runner,
            tree,
            id,
            execution: seat.execution,
            seq: seat.seq,
            parent,
            work: JoinSet::new(),
            flights: BTreeMap::new(),
            cancels: HashMap::new(),
            timers: Timers::default(),
            children: 0,
            inbox,
            news_sender,
            news,
            told_waiting: (!seat.resumed).then_some(false),
            heard: seat.heard,
            started: None,
            redactor: None,
        };
        conductor.run(seat.resumed, seat.first).await
    })
}

struct Conductor {
    runner: Runner,
    tree: Arc<Tree>,
    id: ExecutionId,
    execution: Execution,
    seq: Seq,
    parent: Option<Parent>,
    /// Effects under way.
    work: JoinSet<Result<Told, RunnerError>>,
    /// How to let go of an effect when stopping; absent for those that must be waited for.
    flights: BTreeMap<EffectKey, AbortHandle>,
    /// How to cancel the call of a unit.
    cancels: HashMap<UnitId, CancellationToken>,
    timers: Timers,
    /// How many children work or wait.
    children: usize,
    inbox: mpsc::UnboundedReceiver<Order>,
    news_sender: mpsc::UnboundedSender<Input>,
    news: mpsc::UnboundedReceiver<Input>,
    /// What the parent, or the one who runs, knows of it; nobody knows what a process that died
    /// has told.
    told_waiting: Option<bool>,
    /// Numbers of the signals that have been heard; each may be handed over more than once.
    heard: HashSet<u64>,
    /// What it started with, shared with its children; filled at the first use.
    started: Option<Arc<Started>>,
    /// Filled at the first use: making it costs more than most calls.
    redactor: Option<Redactor>,
}

/// What happened next.
enum Next {
    Done(Result<Result<Told, RunnerError>, JoinError>),
    News(Input),
    Order(Order),
    Stop,
    GraceOver,
}

impl Conductor {
    async fn run(mut self, resumed: bool, first: Option<Input>) -> Result<Ended, RunnerError> {
        self.take_up(resumed, first).await?;
        let mut stopping = None;
        loop {
            if self.execution.status().is_final() {
                if let Some(rests) = &self.tree.rests {
                    rests.forget(&self.id);
                }
                return Ok(self.ended());
            }
            if stopping.is_none() {
                self.dispatch_fresh(false);
                self.say_how_it_stands();
            } else if self.work.is_empty() {
                return self.leave_nothing_unheard().await;
            }
            match self.next(stopping).await {
                Next::Done(Ok(told)) => self.hear(told?).await?,
                // An aborted flight was let go of on purpose; a panic must not be lost.
                Next::Done(Err(error)) if error.is_cancelled() => {}
                Next::Done(Err(error)) => std::panic::resume_unwind(error.into_panic()),
                Next::News(input) => {
                    self.tell(vec![input]).await?;
                    self.report_waiting();
                }
                Next::Order(order) => self.obey(order).await?,
                Next::Stop => {
                    stopping = Some(tokio::time::Instant::now() + STOP_GRACE);
                    self.let_go();
                }
                Next::GraceOver => return Ok(Ended::Stopped),
            }
        }
    }

    /// Says whether anything is under way or due; who listens lets go of a tree that rests.
    fn say_how_it_stands(&self) {
        let Some(rests) = &self.tree.rests else {
            return;
        };
        let stand = Stand {
            busy: !self.cancels.is_empty() || self.asks_for_locks(),
            children: self.children,
            wake: self.timers.next(),
        };
        let now = self.runner.clock().now();
        if rests.note(&self.id, stand, now) && self.inbox.is_empty() && self.news.is_empty() {
            self.tree.stop.cancel();
        }
    }

    /// Hears what was said while everything was let go of; what follows from it is done by who takes the
    /// execution up.
    async fn leave_nothing_unheard(&mut self) -> Result<Ended, RunnerError> {
        while let Ok(input) = self.news.try_recv() {
            self.tell(vec![input]).await?;
        }
        while let Ok(order) = self.inbox.try_recv() {
            self.obey(order).await?;
        }
        if self.execution.status().is_final() {
            return Ok(self.ended());
        }
        Ok(Ended::Stopped)
    }

    fn asks_for_locks(&self) -> bool {
        let mut flights = self.flights.keys();
        flights.any(|key| matches!(key, EffectKey::Lock(_)))
    }

    /// Takes the execution up where it stands: what was under way goes on, then what people said
    /// while nobody listened is heard, and only then somebody is told that it waits.
    async fn take_up(&mut self, resumed: bool, first: Option<Input>) -> Result<(), RunnerError> {
        if let Some(input) = first {
            self.tell(vec![input]).await?;
        }
        self.dispatch_fresh(resumed);
        while let Ok(order) = self.inbox.try_recv() {
            self.obey(order).await?;
        }
        // Children may have been spoken to as well; they say themselves whether they still wait.
        let reasons = self.execution.wait_reasons();
        let waits_for_children = !reasons.is_empty()
            && reasons
                .iter()
                .all(|reason| matches!(reason, WaitReason::Child { .. }));
        if !waits_for_children {
            self.report_waiting();
        }
        Ok(())
    }

    /// Waits for something to happen. Cancel-safe.
    async fn next(&mut self, stopping: Option<tokio::time::Instant>) -> Next {
        let grace = async {
            match stopping {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.tree.stop.cancelled(), if stopping.is_none() => Next::Stop,
            Some(order) = self.inbox.recv() => Next::Order(order),
            Some(done) = self.work.join_next() => Next::Done(done),
            Some(input) = self.news.recv() => Next::News(input),
            () = grace => Next::GraceOver,
        }
    }

    /// Hears what an effect came to, and all others that have come to something meanwhile: together
    /// they cost one append.
    async fn hear(&mut self, first: Told) -> Result<(), RunnerError> {
        if self.work.len() >= CROWD {
            tokio::time::sleep(GATHERING).await;
        } else {
            // Lets what is ready come to its end first.
            tokio::task::yield_now().await;
        }
        let mut inputs = Vec::new();
        let mut told = Some(first);
        while let Some(next) = told.take() {
            if let Told::Input(input) = next {
                inputs.push(input);
            }
            if inputs.len() < MOST_AT_ONCE {
                told = self.next_done()?;
            }
        }
        self.tell(inputs).await?;
        Ok(())
    }

    /// Returns what an effect came to that has ended already, if there is one.
    fn next_done(&mut self) -> Result<Option<Told>, RunnerError> {
        loop {
            match self.work.try_join_next() {
                None => return Ok(None),
                Some(Ok(told)) => return told.map(Some),
                Some(Err(error)) if error.is_cancelled() => {}
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            }
        }
    }

    /// Decides on each input in turn, appends what follows from all of them at once, and then goes on
    /// from there. Returns why the last one was refused, if it was.
    async fn tell(&mut self, inputs: Vec<Input>) -> Result<Option<Refused>, RunnerError> {
        let now = self.runner.clock().now();
        let mut ahead = self.execution.clone();
        let mut events = Vec::new();
        let mut refusal = None;
        for input in inputs {
            self.take_off(&input);
            refusal = match ahead.decide(&input, now) {
                Ok(next) => {
                    self.apply(&mut ahead, &next)?;
                    events.extend(next);
                    None
                }
                Err(refused) => {
                    tracing::debug!(execution = %self.id, %refused, "input refused");
                    Some(refused)
                }
            };
        }
        if events.is_empty() {
            return Ok(refusal);
        }
        let gives_back = self.stop_asking(&events);
        self.seq = self.runner.record(&self.id, self.seq, events).await?;
        self.execution = ahead;
        if gives_back {
            self.runner.locks().ring();
        }
        self.report_waiting();
        Ok(refusal)
    }

    /// Lets go of what asks for locks of units that have them or have ended. Returns whether some may
    /// be given back: then who is next is to be called.
    fn stop_asking(&mut self, events: &[Event]) -> bool {
        let mut gives_back = false;
        for event in events {
            let unit = match &event.fact {
                Fact::LockGranted { unit } => unit,
                Fact::UnitEnded { unit, .. } => {
                    gives_back = true;
                    unit
                }
                _ => continue,
            };
            if let Some(asking) = self.flights.remove(&EffectKey::Lock(*unit)) {
                asking.abort();
            }
        }
        gives_back
    }

    /// Takes what `input` is the end of off the list of what is under way: a handle that is kept keeps the
    /// memory of its task.
    fn take_off(&mut self, input: &Input) {
        match input {
            Input::Answered { unit, call, .. } => {
                self.cancels.remove(unit);
                self.flights.remove(&EffectKey::Call(*unit, *call));
            }
            Input::TimerFired { unit, timer } => {
                let key = EffectKey::Timer(*unit, *timer);
                self.timers.remove(&key);
                self.flights.remove(&key);
            }
            Input::ChildEnded { .. } | Input::ChildRefused { .. } => self.children -= 1,
            _ => {}
        }
    }

    fn apply(&self, execution: &mut Execution, events: &[Event]) -> Result<(), RunnerError> {
        for event in events {
            execution
                .apply(event)
                .map_err(|error| RunnerError::Journal {
                    id: self.id.clone(),
                    reason: error.to_string(),
                })?;
        }
        Ok(())
    }

    /// Tells the parent, or the one who runs, that the execution now waits for a person or no
    /// longer does.
    fn report_waiting(&mut self) {
        // What is being ended waits for nobody any more, whatever its children still say.
        let waiting =
            self.execution.status() == ExecutionStatus::Waiting && !self.execution.is_stopping();
        if self.told_waiting == Some(waiting) {
            return;
        }
        self.told_waiting = Some(waiting);
        match &self.parent {
            Some(parent) => {
                // A parent that has gone no longer shows anything.
                drop(parent.news.send(Input::ChildChanged {
                    unit: parent.unit,
                    waiting,
                }));
            }
            None if waiting && self.tree.stop_when_waiting => self.tree.stop.cancel(),
            None => {}
        }
    }

    async fn obey(&mut self, mut order: Order) -> Result<(), RunnerError> {
        order.signal.number = order.number;
        let is_new = order.number.is_none_or(|number| self.heard.insert(number));
        let refused = if is_new {
            self.tell(vec![Input::Signal(order.signal)]).await?
        } else {
            // Recorded by a process that died before it could answer.
            None
        };
        if let Some(number) = order.number {
            failpoint::pass();
            let refusal = refused.map(|refused| refused.to_string());
            self.runner.store().settle(number, refusal).await?;
        }
        Ok(())
    }

    /// Begins what is demanded since the last time. `resumed` says that a process that died may
    /// have begun it before.
    fn dispatch_fresh(&mut self, resumed: bool) {
        for (key, effect) in self.execution.take_fresh() {
            self.dispatch(key, effect, resumed);
        }
    }

    fn dispatch(&mut self, key: EffectKey, effect: Effect, resumed: bool) {
        failpoint::pass();
        match (key, effect) {
            (EffectKey::Call(unit, number), Effect::Call { call, task }) => {
                let cancel = CancellationToken::new();
                self.cancels.insert(unit, cancel.clone());
                let flight = effector::Flight {
                    execution: self.id.clone(),
                    user: self.started().user.clone(),
                    unit,
                    number,
                    task,
                    redactor: self.redactor(),
                    secrets: self.secrets_for(&call),
                    call,
                    cancel,
                    resumed,
                    reads: self.execution.reads(unit),
                };
                let may_be_left = effector::may_be_left(&self.runner, &flight.call);
                let handle = self.work.spawn(effector::fly(self.runner.clone(), flight));
                if may_be_left {
                    self.flights.insert(key, handle);
                }
            }
            (EffectKey::Timer(unit, timer), Effect::Timer { at }) => {
                let clock = Arc::clone(self.runner.clock());
                let handle = self.work.spawn(async move {
                    clock.sleep_until(at).await;
                    Ok(Told::Input(Input::TimerFired { unit, timer }))
                });
                self.flights.insert(key, handle);
                self.timers.insert(key, at);
            }
            (EffectKey::Child(unit), effect @ Effect::Child { .. }) => {
                let birth = child::Birth {
                    parent: Parent {
                        unit,
                        news: self.news_sender.clone(),
                    },
                    started: self.started(),
                    plan: self.execution.child_plan(unit),
                    secrets: self.execution.secrets(),
                };
                let (runner, tree) = (self.runner.clone(), Arc::clone(&self.tree));
                self.children += 1;
                self.work.spawn(child::raise(runner, tree, birth, effect));
            }
            (EffectKey::Lock(unit), Effect::Lock { lock, inside }) => {
                let wish = LockWish {
                    execution: self.id.clone(),
                    unit,
                    lock,
                    inside,
                };
                let handle = self.work.spawn(self.runner.clone().lock(wish));
                self.flights.insert(key, handle);
            }
            (EffectKey::CancelCall(unit), Effect::CancelCall) => {
                if let Some(cancel) = self.cancels.get(&unit) {
                    cancel.cancel();
                }
            }
            (EffectKey::CancelChild(_), Effect::CancelChild { id }) => {
                let by = self.id.to_string();
                let signal = Signal {
                    by,
                    note: String::new(),
                    request: Request::Cancel,
                    plan: None,
                    number: None,
                };
                self.runner.mail().hand_or_keep(
                    &id,
                    Order {
                        number: None,
                        signal,
                    },
                );
            }
            (key, effect) => unreachable!("effect {effect:?} has the key of another: {key:?}"),
        }
    }

    /// Returns what an execution that `call` may start must not show.
    fn secrets_for(&self, call: &ApiCall) -> Vec<Value> {
        if loopback::serves(call) {
            self.execution.secrets()
        } else {
            Vec::new()
        }
    }

    /// Returns the filter for what the execution's calls say.
    fn redactor(&mut self) -> Redactor {
        let execution = &self.execution;
        let redactor = self
            .redactor
            .get_or_insert_with(|| Redactor::new(&execution.secrets()));
        redactor.clone()
    }

    fn started(&mut self) -> Arc<Started> {
        let execution = &self.execution;
        let started = self.started.get_or_insert_with(|| {
            let started = execution.started().expect("effects follow the start");
            Arc::new(started.clone())
        });
        Arc::clone(started)
    }

    /// Lets go of everything that can be taken up again later.
    fn let_go(&mut self) {
        for handle in self.flights.values() {
            handle.abort();
        }
        self.flights.clear();
    }

    fn ended(&self) -> Ended {
        Ended::Final {
            status: self.execution.status(),
            outputs: self.execution.outputs().clone(),
            message: self.execution.message(),
        }
    }
}
