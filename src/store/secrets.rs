//! The secrets of an execution, and its events without them. What is masked here is what listings,
//! logs and event pages may hold; the journal itself is sealed by the store.

use std::sync::Arc;

use crate::base::call::{ApiCall, Rest};
use crate::base::secret::{MASK, Redactor};
use crate::base::value::{Map, Value};
use crate::engine::event::{
    Batches, Cap, End, Event, Fact, Failure, Kept, Lock, LoopPlan, Outer, PollPolicy, Request,
    Signal, Started, Taken, Work,
};
use crate::store::Seq;

/// What must not be seen of one execution. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Option<Arc<Known>>);

#[derive(Debug)]
struct Known {
    names: Vec<String>,
    redactor: Redactor,
}

impl Secrets {
    /// Collects the secrets that an execution starts with.
    pub(crate) fn of(started: &Started) -> Self {
        let has_none = started.secret.is_empty()
            && started.stored_secrets.is_empty()
            && started.inherited_secrets.is_empty();
        if has_none {
            return Self(None);
        }
        let redactor = Redactor::new(started.secrets());
        Self(Some(Arc::new(Known {
            names: started.secret.clone(),
            redactor,
        })))
    }

    /// Collects the secrets of the execution that `events` tell of.
    pub(crate) fn of_journal(events: &[(Seq, Event)]) -> Self {
        match events.first().map(|(_, event)| &event.fact) {
            Some(Fact::ExecutionStarted(started)) => Self::of(started),
            _ => Self::default(),
        }
    }

    /// Tells whether the execution has no secrets.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the filter for texts.
    pub(crate) fn redactor(&self) -> Redactor {
        self.0
            .as_ref()
            .map(|known| known.redactor.clone())
            .unwrap_or_default()
    }

    /// Returns `lock` with every secret masked: the queue of locks is no place for one.
    pub(crate) fn lock(&self, lock: &Lock) -> Lock {
        match &self.0 {
            None => lock.clone(),
            Some(known) => known.lock(lock),
        }
    }

    /// Returns `event` with every secret masked. Words of the engine are never touched, so that
    /// the event stays what it is even if a secret happens to be such a word.
    pub(crate) fn mask(&self, event: &Event) -> Event {
        match &self.0 {
            None => event.clone(),
            Some(known) => Event {
                at: event.at,
                fact: known.fact(&event.fact),
            },
        }
    }
}

fn is_named(names: &[String], name: &str) -> bool {
    names.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

impl Known {
    fn text(&self, text: &str) -> String {
        self.redactor.text(text)
    }

    fn map(&self, map: &Map) -> Map {
        map.iter()
            .map(|(key, value)| (self.text(key), self.redactor.value(value)))
            .collect()
    }

    fn values(&self, values: &[Value]) -> Vec<Value> {
        values.iter().map(|v| self.redactor.value(v)).collect()
    }

    fn fact(&self, fact: &Fact) -> Fact {
        let mut fact = fact.clone();
        match &mut fact {
            Fact::ExecutionStarted(started) => self.started(started),
            Fact::TaskStarted {
                looping, overrides, ..
            } => {
                if let Some(plan) = looping {
                    self.plan(plan);
                }
                if let Some(map) = overrides {
                    *map = self.map(map);
                }
            }
            Fact::UnitStarted { work, lock, .. } => {
                self.work(work);
                if let Some(lock) = lock {
                    *lock = self.lock(lock);
                }
            }
            Fact::PollMissed { value, fault, .. } => {
                *value = self.redactor.value(value);
                if let Some(fault) = fault {
                    *fault = self.text(fault);
                }
            }
            Fact::UnitLost { reason, .. } => *reason = self.text(reason),
            Fact::UnitEnded { end, .. }
            | Fact::TaskEnded { end, .. }
            | Fact::TaskTaken { end, .. } => self.end(end),
            Fact::SignalReceived { signal } => self.signal(signal),
            Fact::CancelRequested { note, .. } | Fact::Approved { note, .. } => {
                *note = self.text(note);
            }
            Fact::ExecutionEnded {
                outputs, message, ..
            } => {
                *outputs = self.map(outputs);
                *message = self.text(message);
            }
            Fact::TriggerRenewed { renewal, .. } => {
                renewal.settings = self.map(&renewal.settings);
                self.started(&mut renewal.started);
            }
            Fact::TaskSkipped { .. }
            | Fact::UnitSkipped { .. }
            | Fact::UnitConfirmed { .. }
            | Fact::LockGranted { .. }
            | Fact::PollDue { .. }
            | Fact::NoticeSent { .. }
            | Fact::ApprovalExpired { .. }
            | Fact::ChildChanged { .. }
            | Fact::BatchEnded { .. }
            | Fact::RoundPlanned { .. }
            | Fact::RoundStarted { .. }
            | Fact::BatchReleased { .. }
            | Fact::TaskStopping { .. }
            | Fact::ExecutionPaused { .. }
            | Fact::ExecutionReleased { .. }
            | Fact::TriggerPaused { .. }
            | Fact::TriggerResumed { .. }
            | Fact::TimesPassed { .. } => {}
        }
        fact
    }

    fn started(&self, started: &mut Started) {
        // By name as well: a secret too short for the filter is still not shown.
        for (name, value) in &mut started.parameters {
            *value = if is_named(&self.names, name) {
                MASK.into()
            } else {
                self.redactor.value(value)
            };
        }
        for value in &mut started.inherited_secrets {
            *value = MASK.into();
        }
        for value in started.stored_secrets.values_mut() {
            *value = MASK.into();
        }
        if let Some(repeat) = &mut started.repeats {
            repeat.note = self.text(&repeat.note);
            for taken in &mut repeat.taken {
                match taken {
                    Taken::Task { end, .. } => self.end(end),
                    Taken::Loop { plan, .. } => self.plan(plan),
                }
            }
        }
        started.stored = self.map(&started.stored);
        for planned in started.plan.iter_mut().flat_map(|plan| &mut plan.loops) {
            planned.items = Arc::new(self.values(&planned.items));
        }
        if let Some(event) = &mut started.trigger {
            *event = self.redactor.value(event);
        }
        if let Some(outer) = &mut started.outer {
            self.outer(outer);
        }
        if let Some(role) = &mut started.role {
            *role = self.text(role);
        }
        started.description = self.text(&started.description);
        for value in started.tags.values_mut() {
            *value = self.text(value);
        }
    }

    fn outer(&self, outer: &mut Outer) {
        outer.parameters = self.map(&outer.parameters);
        for outputs in outer.outputs.values_mut() {
            *outputs = self.map(outputs);
        }
        outer.item = self.redactor.value(&outer.item);
    }

    /// Masks the names of a lock.
    fn lock(&self, lock: &Lock) -> Lock {
        let mut names: Vec<String> = lock.names.iter().map(|name| self.text(name)).collect();
        // Secrets look alike when they are masked.
        names.sort_unstable();
        names.dedup();
        Lock {
            names,
            cap: lock.cap.as_ref().map(|cap| Cap {
                group: self.text(&cap.group),
                limit: cap.limit,
            }),
        }
    }

    fn plan(&self, plan: &mut LoopPlan) {
        let LoopPlan {
            items,
            max_errors: _,
            budgets: _,
            batch_errors: _,
            unreachable: _,
            batches: Batches::Concurrency { .. } | Batches::Batch { .. },
            kept,
        } = plan;
        *items = Arc::new(self.values(items));
        for kept in Arc::make_mut(kept).iter_mut().flatten() {
            match kept {
                Kept::Success { outputs } => *outputs = self.map(outputs),
                Kept::Skipped => {}
            }
        }
    }

    fn work(&self, work: &mut Work) {
        match work {
            Work::Call { call } => self.call(call),
            Work::Poll { call, policy } => {
                self.call(call);
                self.policy(policy);
            }
            Work::Watch { settings, .. } => *settings = self.map(settings),
            Work::Trigger { event } => *event = self.redactor.value(event),
            Work::Approval { notice, .. } => {
                if let Some(call) = notice {
                    self.call(call);
                }
            }
            Work::Child {
                content,
                parameters,
                outer,
                ..
            } => {
                if let Some(content) = content {
                    *content = self.text(content);
                }
                *parameters = self.map(parameters);
                if let Some(outer) = outer {
                    self.outer(outer);
                }
            }
            Work::Sleep { .. } | Work::Choice { .. } | Work::Pause => {}
        }
    }

    fn call(&self, call: &mut ApiCall) {
        if let Some(role) = &mut call.role {
            *role = self.text(role);
        }
        call.parameters = self.map(&call.parameters);
        if let Some(Rest {
            uri, headers, body, ..
        }) = &mut call.rest
        {
            *uri = self.text(uri);
            *headers = self.map(headers);
            *body = self.redactor.value(body);
        }
    }

    fn policy(&self, policy: &mut PollPolicy) {
        policy.selector = self.text(&policy.selector);
        policy.desired = self.values(&policy.desired);
        policy.not_desired = self.values(&policy.not_desired);
        policy.stop = self.values(&policy.stop);
    }

    fn end(&self, end: &mut End) {
        match end {
            End::Success { outputs } => *outputs = self.map(outputs),
            End::Failed {
                failure: Failure { message, .. },
                outputs,
            } => {
                *message = self.text(message);
                *outputs = self.map(outputs);
            }
            End::Cancelled { report } => *report = self.text(report),
            End::Skipped { reason: None } => {}
            End::Skipped {
                reason: Some(Failure { message, .. }),
            }
            | End::Deferred {
                failure: Failure { message, .. },
            } => *message = self.text(message),
        }
    }

    fn signal(&self, signal: &mut Signal) {
        signal.note = self.text(&signal.note);
        match &mut signal.request {
            Request::ExecuteTask { parameters, .. } | Request::RetryTask { parameters, .. } => {
                if let Some(map) = parameters {
                    *map = self.map(map);
                }
            }
            Request::Approve { .. }
            | Request::Reject { .. }
            | Request::SkipTask { .. }
            | Request::CancelTask { .. }
            | Request::CompleteExecution { .. }
            | Request::Cancel
            | Request::PauseTrigger
            | Request::ResumeTrigger => {}
        }
    }
}
