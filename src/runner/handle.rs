//! The runner: start, drive, signal. A cheap handle; clones share everything.

use std::sync::Arc;

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::action::{ApiSpec, Catalog};
use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::output::OutputSink;
use crate::base::secret::Redactor;
use crate::base::source::Source;
use crate::base::value::Map;
use crate::engine::Execution;
use crate::engine::event::{Event, Fact, InventorySources, Started};
use crate::engine::input::Input;
use crate::engine::status::ExecutionStatus;
use crate::provider::Provider;
use crate::runner::broadcast::{Broadcast, News, ShownSink};
use crate::runner::clock::Clock;
use crate::runner::closure::Closure;
use crate::runner::conductor::{self, Ended, Seat, Tree};
use crate::runner::entries::NoParameters;
use crate::runner::guest::Guests;
use crate::runner::library::Library;
use crate::runner::lock::LockRoom;
use crate::runner::loopback;
use crate::runner::mail::MailRoom;
use crate::runner::prepare::Prepared;
use crate::runner::recent::Recent;
use crate::runner::rest::Rests;
use crate::runner::start_error::StartError;
use crate::store::{OwnerGuard, Parameters, Store, StoreError};
use crate::template::model::Template;
use crate::template::parse;

/// Who runs things, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The user's name.
    pub user: String,
    /// The account number.
    pub account: String,
    /// The region.
    pub region: String,
    /// Where the hosts are written down, recorded with what is started; none if there are none.
    pub inventory: Option<InventorySources>,
}

impl Identity {
    /// Returns that of an execution, for what it starts: that works on the same hosts and records none.
    pub(super) fn of(started: &Started) -> Self {
        Self {
            user: started.user.clone(),
            account: started.account.clone(),
            region: started.region.clone(),
            inventory: None,
        }
    }
}

/// What a runner is made of.
#[derive(Debug)]
pub struct Parts {
    /// Remembers.
    pub store: Arc<dyn Store>,
    /// Acts.
    pub provider: Arc<dyn Provider>,
    /// Finds templates.
    pub library: Library,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Who runs things.
    pub identity: Identity,
}

/// Starts executions and works on them.
#[derive(Clone, Debug)]
pub struct Runner {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    provider: Arc<dyn Provider>,
    library: Library,
    catalog: Catalog,
    clock: Arc<dyn Clock>,
    identity: Identity,
    parameters: Arc<dyn Parameters>,
    broadcast: Broadcast,
    mail: MailRoom,
    sink: Arc<dyn OutputSink>,
    guests: Guests,
    locks: LockRoom,
    closures: Recent<Digest, Arc<Closure>>,
    templates: Recent<(Digest, String), Arc<Template>>,
}

/// How driving an execution came to its end.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// The execution ended.
    Ended {
        /// With this status.
        status: ExecutionStatus,
        /// With these outputs.
        outputs: Map,
        /// For this reason.
        message: String,
    },
    /// Nobody works on it any more; it goes on when it is driven again.
    Stopped,
}

/// When driving stops before the end.
#[derive(Clone, Debug, Default)]
pub struct DriveOptions {
    /// Fires when no new work is to be started.
    pub stop: CancellationToken,
    /// Whether to stop as soon as the execution waits for a person.
    pub stop_when_waiting: bool,
}

/// How an execution is taken up by who works on many.
#[derive(Debug, Default)]
pub(super) struct Taking {
    /// Whether what held it is over.
    pub(super) release: bool,
    /// Where it says how it stands, if it is to be let go of when it rests.
    pub(super) rests: Option<Arc<Rests>>,
    /// Whether nobody chose this execution: then its hosts must be those that are known here.
    pub(super) is_daemon: bool,
}

/// Why an execution could not be worked on.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// There is no such execution.
    #[error("there is no execution `{0}`")]
    NotFound(ExecutionId),
    /// Another process works on it.
    #[error("another process works on `{0}`")]
    Owned(ExecutionId),
    /// What is recorded does not make sense.
    #[error("the journal of `{id}` is damaged: {reason}")]
    Journal {
        /// Which execution.
        id: ExecutionId,
        /// Why, in words.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store failed where a call had something to record.
    #[error("{reason}")]
    Storage {
        /// Why, in words.
        reason: String,
    },
    /// The parameters of what a trigger starts could not be bound.
    #[error("`{id}` cannot be fired: {reason}")]
    Unbound {
        /// The execution whose trigger it is.
        id: ExecutionId,
        /// What does not fit, in words.
        reason: String,
    },
    /// An execution was started with hosts that are not known here.
    #[error(
        "`{id}` was started with inventory {}, which this daemon was not: serve it with these \
         `--inventory`, or go on with `oos resume {id}`",
        sources.join(", ")
    )]
    OtherInventory {
        /// Which execution.
        id: ExecutionId,
        /// Its sources.
        sources: Vec<String>,
    },
    /// An execution that this one started could not be gone on with.
    #[error("`{id}`, which was started by an execution, cannot be gone on with")]
    Guest {
        /// Which.
        id: ExecutionId,
        /// Why.
        #[source]
        error: Arc<Self>,
    },
}

impl Runner {
    /// Joins the parts; the parameter store has no entries.
    pub fn new(parts: Parts) -> Self {
        Self::with_parameters(parts, Arc::new(NoParameters))
    }

    /// Joins the parts and a parameter store.
    pub fn with_parameters(parts: Parts, parameters: Arc<dyn Parameters>) -> Self {
        let broadcast = Broadcast::new();
        let sink: Arc<dyn OutputSink> = Arc::clone(&parts.store) as Arc<dyn OutputSink>;
        let inner = Inner {
            catalog: Catalog::new(parts.provider.actions()),
            sink,
            store: parts.store,
            provider: parts.provider,
            library: parts.library,
            clock: parts.clock,
            identity: parts.identity,
            parameters,
            broadcast,
            mail: MailRoom::default(),
            guests: Guests::new(),
            locks: LockRoom::new(),
            closures: Recent::new(),
            templates: Recent::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Returns the store.
    pub fn store(&self) -> &dyn Store {
        self.inner.store.as_ref()
    }

    /// Returns the provider.
    pub fn provider(&self) -> &dyn Provider {
        self.inner.provider.as_ref()
    }

    /// Returns where templates are found.
    pub fn library(&self) -> &Library {
        &self.inner.library
    }

    /// Returns the actions that need no template.
    pub fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }

    /// Returns who runs things.
    pub fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    /// Returns the clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    pub(super) fn parameters(&self) -> &dyn Parameters {
        self.inner.parameters.as_ref()
    }

    pub(super) fn broadcast(&self) -> &Broadcast {
        &self.inner.broadcast
    }

    pub(super) fn locks(&self) -> &LockRoom {
        &self.inner.locks
    }

    pub(super) fn mail(&self) -> &MailRoom {
        &self.inner.mail
    }

    /// Returns where a call's output goes: to the store, and masked to whoever listens.
    pub(super) fn sink(&self, redactor: Redactor) -> Arc<dyn OutputSink> {
        let (store, broadcast) = (Arc::clone(&self.inner.sink), self.broadcast().clone());
        Arc::new(ShownSink::new(store, broadcast, redactor))
    }

    /// Returns what is known of an API, or `None` if nobody serves it.
    pub fn api(&self, service: &str, api: &str) -> Option<ApiSpec> {
        loopback::api(service, api).or_else(|| self.provider().api(service, api))
    }

    /// Returns a listener to everything that happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<News> {
        self.inner.broadcast.subscribe()
    }

    /// Starts a prepared execution: durable when it returns, worked on by nobody yet. Where people
    /// decide in it, or where a plan was asked for, it is bound to its plan.
    pub async fn start(&self, prepared: &Prepared) -> Result<ExecutionId, StartError> {
        let started = self.keep_texts(prepared).await?;
        Ok(self.record_start(&prepared.template, started).await?)
    }

    /// Stores the texts that a prepared execution needs, and returns what it starts with.
    pub(super) async fn keep_texts(&self, prepared: &Prepared) -> Result<Started, StartError> {
        let mut texts = prepared.closure.texts();
        texts.push(prepared.template.source.text().to_owned());
        let mut started = prepared.started.clone();
        if let Some(binding) = self.binding(prepared).await? {
            started.plan = Some(binding.plan);
            texts.push(binding.text);
        }
        self.store().keep(texts).await?;
        Ok(started)
    }

    /// Works on an execution and all its children until it ends or is stopped. Dropping the future
    /// leaves everything as after a crash: resumable.
    pub async fn drive(
        &self,
        id: &ExecutionId,
        options: DriveOptions,
    ) -> Result<Outcome, RunnerError> {
        let work = self.work_on(id, options, Taking::default());
        // In a fixed order, so that the same world makes the same run.
        tokio::select! {
            biased;
            outcome = work => outcome,
            error = self.carry_mail() => Err(error),
            error = self.carry_locks() => Err(error.into()),
            error = self.guests().failure() => Err(error),
        }
    }

    /// Works on an execution and all its children until it ends or is stopped; somebody else brings
    /// signals.
    pub(super) async fn work_on(
        &self,
        id: &ExecutionId,
        options: DriveOptions,
        taking: Taking,
    ) -> Result<Outcome, RunnerError> {
        let root = id.root();
        let _owner = self.claim(&root)?;
        let events = self.store().read(&root).await?;
        let started = started(&root, &events)?;
        if taking.is_daemon
            && let Some(inventory) = &started.inventory
            && self.identity().inventory.as_ref().map(|own| &own.sources)
                != Some(&inventory.sources)
        {
            return Err(RunnerError::OtherInventory {
                id: root,
                sources: inventory.sources.clone(),
            });
        }
        let closure = self.closure(&root, &started.library).await?;
        let mut seat = self.seat(&root, events, &closure).await?;
        if taking.release {
            seat.first = Some(Input::Released);
        }
        let tree = Arc::new(Tree {
            closure,
            stop: options.stop,
            stop_when_waiting: options.stop_when_waiting,
            rests: taking.rests,
        });
        let ended = conductor::conduct(self.clone(), tree, root, seat, None).await?;
        Ok(match ended {
            Ended::Final {
                status,
                outputs,
                message,
            } => Outcome::Ended {
                status,
                outputs,
                message,
            },
            Ended::Stopped => Outcome::Stopped,
        })
    }

    /// Returns the executions that are worked on beside others.
    pub(super) fn guests(&self) -> &Guests {
        &self.inner.guests
    }

    pub(super) fn claim(&self, root: &ExecutionId) -> Result<OwnerGuard, RunnerError> {
        self.store()
            .claim(root)?
            .ok_or_else(|| RunnerError::Owned(root.clone()))
    }

    async fn text(&self, digest: &Digest) -> Result<String, StoreError> {
        self.store()
            .content(digest)
            .await?
            .ok_or_else(|| StoreError::Damaged {
                what: format!("content {digest}"),
                reason: "it is missing".to_owned(),
            })
    }

    /// Reads the pinned templates of a root execution.
    pub(super) async fn closure(
        &self,
        id: &ExecutionId,
        digest: &Digest,
    ) -> Result<Arc<Closure>, RunnerError> {
        if let Some(closure) = self.inner.closures.get(digest) {
            return Ok(closure);
        }
        let list = self.text(digest).await?;
        let mut texts = std::collections::HashMap::new();
        for digest in Closure::digests(&list) {
            let text = self.text(&digest).await?;
            texts.insert(digest, text);
        }
        let closure =
            Closure::from_list(&list, |digest| texts.remove(digest).ok_or("it is missing"));
        let closure = Arc::new(closure.map_err(|error| RunnerError::Journal {
            id: id.clone(),
            reason: error.to_string(),
        })?);
        self.inner
            .closures
            .put(digest.clone(), Arc::clone(&closure));
        Ok(closure)
    }

    /// Folds an execution that was started before.
    pub(super) async fn seat(
        &self,
        id: &ExecutionId,
        events: Vec<Event>,
        closure: &Closure,
    ) -> Result<Seat, RunnerError> {
        let damaged = |reason: String| RunnerError::Journal {
            id: id.clone(),
            reason,
        };
        let started = started(id, &events)?;
        let template = self.pinned(started, closure).await?;
        let template =
            template.ok_or_else(|| damaged("its template cannot be parsed".to_owned()))?;
        let seq = u64::try_from(events.len()).expect("a journal fits in memory");
        let heard = events.iter().filter_map(heard).collect();
        let is_untouched = seq == 1;
        let execution =
            Execution::fold(template, events).map_err(|error| damaged(error.to_string()))?;
        Ok(Seat {
            execution,
            seq,
            resumed: !is_untouched,
            first: is_untouched.then_some(Input::TakenUp),
            heard,
        })
    }

    /// Returns the template that an execution runs, as it was pinned at its start.
    pub(super) async fn pinned(
        &self,
        started: &Started,
        closure: &Closure,
    ) -> Result<Option<Arc<Template>>, RunnerError> {
        let version = started.template_version.as_deref();
        if let Some(entry) = closure.find(&started.template_name, version)
            && entry.digest == started.template
        {
            return Ok(Some(Arc::clone(&entry.template)));
        }
        let key = (started.template.clone(), started.template_name.clone());
        if let Some(template) = self.inner.templates.get(&key) {
            return Ok(Some(template));
        }
        let text = self.text(&started.template).await?;
        let parsed = parse::parse(&Source::new(&started.template_name, text));
        let Some(template) = parsed.template.map(Arc::new) else {
            return Ok(None);
        };
        self.inner.templates.put(key, Arc::clone(&template));
        Ok(Some(template))
    }
}

/// Returns the number of the signal that an event records.
fn heard(event: &Event) -> Option<u64> {
    match &event.fact {
        Fact::SignalReceived { signal } => signal.number,
        _ => None,
    }
}

/// Returns what an execution was started with.
pub(super) fn started<'a>(
    id: &ExecutionId,
    events: &'a [Event],
) -> Result<&'a Started, RunnerError> {
    match events.first() {
        None => Err(RunnerError::NotFound(id.clone())),
        Some(Event {
            fact: Fact::ExecutionStarted(started),
            ..
        }) => Ok(started),
        Some(_) => Err(RunnerError::Journal {
            id: id.clone(),
            reason: "it does not begin with its start".to_owned(),
        }),
    }
}
