//! A world: everything that outlives a process, and the processes one after another.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use oos::base::call::{ApiCall, CallFault, Recovery};
use oos::base::digest::Digest;
use oos::base::id::ExecutionId;
use oos::base::source::Source;
use oos::base::value::Value;
use oos::engine::event::{Event, Fact, Signal, Started};
use oos::provider::{CallContext, Registry};
use oos::runner::{
    Clock as _, DriveOptions, Identity, Library, Outcome, Parts, Runner, RunnerError, StartError,
};
use oos::store::memory::MemoryStore;
use oos::store::view::{TaskFilter, Views as _};
use oos::store::{Contents as _, Journal as _};
use oos::store::{Seq, Store, StoreError};
use oos::template::model::Template;
use oos::template::parse::parse;
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::clock::ManualClock;
use crate::cloud::{Cloud, Ledger};
use crate::fault::FaultStore;
use crate::ground::Ground;
use crate::law::{CallName, Witness};
use crate::mail::Mail;
use crate::people::{self, People};
use crate::plan::{Operation, Plan, Step};
use crate::power::Power;
use crate::scenario::{Asked, Scenario};
use crate::trouble::{AppendTrouble, Trouble};

/// How long nothing must have happened until everybody is asked what they wait for.
const QUIET: Duration = Duration::from_secs(90);

/// How many processes a world may take: more mean that it never ends.
const PROCESSES: usize = 120;

/// How long a machine is down after its power failed.
const DOWN: Duration = Duration::from_millis(700);

/// Everything that outlives a process.
pub(crate) struct World {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) plan: Plan,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) memory: MemoryStore,
    pub(crate) ledger: Ledger,
    pub(crate) people: Mutex<People>,
    /// Tells the people that something was written.
    pub(crate) news: Notify,
    trouble: Mutex<Trouble>,
    witness: Mutex<Witness>,
    mail: Mail,
    root: Mutex<Option<ExecutionId>>,
    story: Mutex<Vec<String>>,
}

/// What came of a world.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Report {
    /// What the executions came to, without ids and times.
    pub(crate) end: Value,
    /// What was against the law.
    pub(crate) broken: Vec<String>,
    /// What happened.
    pub(crate) story: Vec<String>,
    /// How many appends were tried.
    pub(crate) appends: u32,
    /// How many calls reached the cloud.
    pub(crate) calls: u32,
    /// How many letters were posted.
    pub(crate) letters: usize,
}

/// How a process ended.
#[derive(Debug)]
enum Lived {
    /// Everything is done.
    Ended,
    /// The power failed.
    Died,
    /// It was asked to, or everybody waits for a person.
    Stopped,
    /// The store failed.
    Failed,
    /// Nothing moves any more.
    Stuck,
}

/// Runs a plan to its end.
pub(crate) fn run(scenario: &Arc<Scenario>, plan: &Plan) -> Report {
    let world = Arc::new(World::new(Arc::clone(scenario), plan.clone()));
    let lived = catch_unwind(AssertUnwindSafe(|| World::live(&world)));
    if let Err(panic) = lived {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or(panic.downcast_ref::<&str>().map(ToString::to_string));
        world.accuse(format!("panic: {}", text.unwrap_or_default()));
    }
    world.report()
}

impl Ground for World {
    fn store(&self) -> &dyn Store {
        &self.memory
    }

    fn chance(&self, name: &str, number: u64) -> Chance {
        Chance::named(self.plan.seed.wrapping_add(number << 32), name)
    }

    fn fails(&self, operation: Operation) -> bool {
        self.trouble().fails(operation)
    }

    fn append(&self) -> (Option<AppendTrouble>, u32) {
        let mut trouble = self.trouble();
        (trouble.append(), trouble.appends())
    }

    fn appended(&self, id: &ExecutionId, _: Seq, events: &[Event]) {
        self.note(|| {
            let names: Vec<&str> = events.iter().map(|event| event.fact.name()).collect();
            format!("{id}: {}", names.join(", "))
        });
        if let Fact::ExecutionStarted(_) = &events[0].fact
            && id.depth() == 0
        {
            self.root.lock().unwrap().get_or_insert(id.clone());
        }
        self.witness()
            .appended(id, events, || self.template_of(&events[0]));
        self.news.notify_one();
    }

    fn acknowledged(&self, id: &ExecutionId) {
        self.witness().acknowledged(id);
    }

    fn posted(&self, number: u64, id: &ExecutionId, signal: &Signal) {
        self.witness().posted(number, &signal.request);
        self.mail.posted(number, id);
        self.note(|| format!("{} says {:?} to {id}", signal.by, signal.request));
    }

    fn settled(&self, number: u64, is_refused: bool) {
        self.witness().settled(number, is_refused);
    }

    fn mail(&self) -> &Mail {
        &self.mail
    }
}

impl World {
    fn new(scenario: Arc<Scenario>, mut plan: Plan) -> Self {
        plan.steps.extend(scenario.says.iter().cloned());
        let clock = Arc::new(ManualClock::new(plan.seed));
        let now = Arc::clone(&clock);
        Self {
            memory: MemoryStore::new(Arc::new(move || now.now())),
            ledger: Ledger::default(),
            people: Mutex::new(People::new(plan.seed)),
            news: Notify::new(),
            trouble: Mutex::new(Trouble::new(&plan)),
            witness: Mutex::default(),
            mail: Mail::default(),
            root: Mutex::default(),
            story: Mutex::default(),
            scenario,
            plan,
            clock,
        }
    }

    pub(crate) fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap()
    }

    pub(crate) fn witness(&self) -> MutexGuard<'_, Witness> {
        // A panic is a finding: what was seen before it still counts.
        self.witness
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Adds to the story.
    pub(crate) fn note(&self, text: impl FnOnce() -> String) {
        let line = format!("{:>10.3} {}", self.clock.age().as_secs_f64(), text());
        self.story.lock().unwrap().push(line);
    }

    fn accuse(&self, what: String) {
        self.witness().accuse(what);
    }

    fn template_of(&self, first: &Event) -> Arc<Template> {
        let Fact::ExecutionStarted(started) = &first.fact else {
            panic!("a journal begins with its start");
        };
        let content = now_or_never(self.memory.content(&started.template)).unwrap();
        parsed(&started.template, &content.expect("the template is stored"))
    }

    pub(crate) fn arrives(
        &self,
        call: &ApiCall,
        context: &CallContext,
        recovery: Recovery,
    ) -> CallName {
        self.note(|| format!("  call {} {}", call.display_name(), call.client_token));
        self.witness().arrives(call, context, recovery)
    }

    pub(crate) fn answered(&self, name: &CallName, answer: &Result<Value, CallFault>) {
        self.note(|| match answer {
            Ok(_) => format!("  answer to {} {:?}", name.0, name.1),
            Err(fault) => format!("  {fault} to {} {:?}", name.0, name.1),
        });
        self.witness().answered(name);
    }

    /// Returns what the script answers to a call.
    pub(crate) fn answer(&self, call: &ApiCall, name: &CallName) -> Result<Value, CallFault> {
        let witness = self.witness();
        let template = witness.execution(&name.0).map(|one| one.template());
        let task = template.and_then(|template| template.tasks.get(name.1.task as usize));
        self.scenario.answer(&Asked {
            call,
            number: name.2,
            task,
        })
    }

    /// Lets processes live one after another until everything is done.
    fn live(world: &Arc<Self>) {
        for _ in 0..PROCESSES {
            let power = Power::default();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            let lived = runtime.block_on(async {
                world.clock.begin();
                world.witness().restarted();
                let lived = Arc::clone(world).process(power.clone()).await;
                world.clock.end(DOWN);
                lived
            });
            power.cut();
            // Whatever the process had under way goes with it.
            drop(runtime);
            world.note(|| format!("the process {lived:?}"));
            if matches!(lived, Lived::Ended | Lived::Stuck) || !world.witness().broken().is_empty()
            {
                world.views_are_right();
                return;
            }
        }
        world.accuse("it never ends".to_owned());
    }

    fn runner(self: &Arc<Self>, power: &Power) -> Runner {
        let ground: Arc<dyn Ground> = self.clone();
        let store = Arc::new(FaultStore::new(ground, power.clone()));
        let cloud = Cloud::new(Arc::clone(self), Arc::clone(&store), power.clone());
        let cloud = Arc::new(cloud);
        Runner::new(Parts {
            store,
            provider: Arc::new(Registry::new(cloud.clone(), cloud)),
            library: Library::new(Vec::new(), Some(self.scenario.library())),
            clock: self.clock.clone(),
            identity: Identity {
                user: "ann".to_owned(),
                account: "1234".to_owned(),
                region: "local".to_owned(),
                inventory: None,
            },
        })
    }

    /// One process, from its start to its end.
    async fn process(self: Arc<Self>, power: Power) -> Lived {
        let runner = self.runner(&power);
        let stop = CancellationToken::new();
        tokio::select! {
            biased;
            () = power.gone() => Lived::Died,
            lived = self.work(&runner, &stop) => match lived {
                Ok(lived) => lived,
                Err(error) => self.failed(&error),
            },
            () = self.timeline(&runner, &power, &stop) => unreachable!("time goes on for ever"),
            () = people::talk(&self, &runner) => Lived::Stuck,
            () = self.watch() => Lived::Stuck,
        }
    }

    /// Does what `oos run` does in the first process, and `oos resume` in all others.
    async fn work(&self, runner: &Runner, stop: &CancellationToken) -> Result<Lived, WorkError> {
        let known = self.root.lock().unwrap().clone();
        let root = match known {
            Some(root) => root,
            None => {
                let prepared = runner.prepare(self.scenario.request())?;
                runner.start(&prepared).await?
            }
        };
        if self.plan.leaves {
            // Whoever is asked answers while nobody works on it.
            people::answer(self, runner).await;
        }
        let options = DriveOptions {
            stop: stop.clone(),
            stop_when_waiting: self.plan.leaves,
        };
        // Executions that executions started, and that nobody works on since a process died.
        let mut open = self.memory.unfinished().await?;
        open.retain(|id| *id != root);
        open.insert(0, root);
        let driven = open.iter().map(|id| runner.drive(id, options.clone()));
        for outcome in futures_util::future::try_join_all(driven).await? {
            if outcome == Outcome::Stopped {
                return Ok(Lived::Stopped);
            }
        }
        runner.finish_guests(stop.clone()).await?;
        if self.memory.unfinished().await?.is_empty() {
            Ok(Lived::Ended)
        } else {
            Ok(Lived::Stopped)
        }
    }

    /// The store may fail; nothing else may go wrong.
    fn failed(&self, error: &WorkError) -> Lived {
        self.note(|| format!("{error:?}"));
        let of_guest = match error {
            WorkError::Drive(RunnerError::Guest { error, .. }) => Some(&**error),
            _ => None,
        };
        match error {
            WorkError::Drive(RunnerError::Storage { .. }) => {}
            _ if matches!(
                of_guest,
                Some(RunnerError::Storage { .. } | RunnerError::Store(StoreError::Io { .. }))
            ) => {}
            WorkError::Start(StartError::Store(error))
            | WorkError::Drive(RunnerError::Store(error))
            | WorkError::Store(error)
                if matches!(error, StoreError::Io { .. }) => {}
            other => self.accuse(format!("{other:?}")),
        }
        Lived::Failed
    }

    /// Does what the plan has for its time.
    async fn timeline(&self, runner: &Runner, power: &Power, stop: &CancellationToken) {
        loop {
            let next = self.trouble().next_time();
            let Some(next) = next else {
                return std::future::pending().await;
            };
            tokio::time::sleep(next.saturating_sub(self.clock.age())).await;
            let step = self.trouble().due(self.clock.age());
            if let Some(step) = &step {
                self.note(|| format!("{step:?}"));
            }
            match step {
                Some(Step::PowerFailsAt { .. }) => power.cut(),
                Some(Step::ClockJumps { seconds, .. }) => self.clock.jump(seconds),
                Some(Step::Stops { .. }) => stop.cancel(),
                Some(Step::MailTwice { .. }) => self.mail.repeat(),
                Some(Step::Says { by, request, .. }) => {
                    people::say(self, runner, &by, request).await;
                }
                Some(other) => unreachable!("{other:?} is no matter of time"),
                None => {}
            }
        }
    }

    /// Returns once nothing moves any more that should.
    async fn watch(&self) {
        let mut seen = 0;
        loop {
            tokio::time::sleep(QUIET).await;
            let length = self.story.lock().unwrap().len();
            let is_quiet = std::mem::replace(&mut seen, length) == length;
            if is_quiet {
                let mut witness = self.witness();
                witness.quiet(self.clock.now());
                if !witness.broken().is_empty() {
                    return;
                }
            }
        }
    }

    /// The listings must be what the journals say.
    fn views_are_right(&self) {
        let again = MemoryStore::new(Arc::new(oos::base::time::Timestamp::default));
        let ids: Vec<ExecutionId> = self.witness().ids().cloned().collect();
        let filter = TaskFilter {
            include_items: true,
            ..TaskFilter::default()
        };
        for id in ids {
            let events = now_or_never(self.memory.read(&id)).unwrap();
            now_or_never(again.append(&id, 0, &events)).unwrap();
            let shown = now_or_never(self.memory.execution(&id)).unwrap();
            if now_or_never(again.execution(&id)).unwrap() != shown {
                self.accuse(format!("the view of {id} is not what its journal says"));
            }
            let tasks = now_or_never(self.memory.tasks(&id, &filter)).unwrap();
            if now_or_never(again.tasks(&id, &filter)).unwrap() != tasks {
                self.accuse(format!("the tasks of {id} are not what its journal says"));
            }
            let folded = self.witness().execution(&id).map(|one| one.status());
            if folded != shown.map(|view| view.status) {
                self.accuse(format!("the status of {id} is not what its journal says"));
            }
        }
    }

    /// Returns what the executions came to, without what differs from run to run.
    fn end(&self) -> Value {
        let Some(root) = self.root.lock().unwrap().clone() else {
            return Value::Null;
        };
        let ids: Vec<ExecutionId> = self.witness().ids().cloned().collect();
        let filter = TaskFilter {
            include_items: true,
            ..TaskFilter::default()
        };
        let executions: Vec<Value> = ids
            .iter()
            .map(|id| {
                let view = now_or_never(self.memory.execution(id)).unwrap().unwrap();
                let tasks = now_or_never(self.memory.tasks(id, &filter)).unwrap();
                let mut tasks: Vec<Value> = tasks
                    .into_iter()
                    .map(|task| {
                        json!([
                            task.task_name,
                            task.loop_index,
                            task.status,
                            task.status_message,
                            task.outputs
                        ])
                    })
                    .collect();
                tasks.sort_by_key(Value::to_string);
                json!({
                    "id": id, "template": view.template_name, "status": view.status,
                    "message": view.status_message, "outputs": view.outputs, "tasks": tasks,
                })
            })
            .collect();
        let text = Value::Array(executions).to_string();
        serde_json::from_str(&text.replace(root.as_str(), "ROOT")).unwrap()
    }

    fn report(&self) -> Report {
        let end = self.end();
        let trouble = self.trouble();
        Report {
            end,
            broken: self.witness().broken().to_vec(),
            story: self.story.lock().unwrap().clone(),
            appends: trouble.appends(),
            calls: trouble.calls(),
            letters: self.mail.after(0).len(),
        }
    }
}

/// Tells whether a scenario can be started at all.
pub(crate) fn can_start(scenario: &Arc<Scenario>) -> bool {
    let plan = Plan::calm(&scenario.name, 0);
    let world = Arc::new(World::new(Arc::clone(scenario), plan));
    let prepared = world.runner(&Power::default()).prepare(scenario.request());
    if let Err(error) = &prepared {
        println!("{}: {error}", scenario.name);
    }
    prepared.is_ok()
}

/// Returns the template of a scenario, and what it is started with.
pub(crate) fn prepared(scenario: &Arc<Scenario>) -> (Arc<Template>, Started) {
    let plan = Plan::calm(&scenario.name, 0);
    let world = Arc::new(World::new(Arc::clone(scenario), plan));
    let prepared = world.runner(&Power::default()).prepare(scenario.request());
    let prepared = prepared.expect("scenarios can be started");
    let started = prepared.started().clone();
    (parsed(&started.template, &scenario.template), started)
}

/// Why a process could not do its work.
#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Drive(#[from] RunnerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns what a future of the store in memory gives: it never waits.
pub(crate) fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => unreachable!("the store in memory never waits"),
    }
}

/// Returns a template of that digest, parsed once.
fn parsed(digest: &Digest, text: &str) -> Arc<Template> {
    static KNOWN: LazyLock<Mutex<HashMap<Digest, Arc<Template>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    let parse = || Arc::new(parse(&Source::new("<stored>", text)).template.unwrap());
    Arc::clone(known.entry(digest.clone()).or_insert_with(parse))
}
