//! A provider that answers from a script: for tests of runbooks, without any cloud.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::action::{ActionSpec, ApiSpec};
use crate::base::call::{ACTION_SERVICE, ApiCall, ApiError, CallFault, Recovery};
use crate::base::value::Value;
use crate::provider::{CallContext, Provider};

/// A [`Provider`] that answers from a script and records what it was asked.
///
/// An API is named `Service.Api` as in messages (`ECS.DescribeInstances`), a native action by its
/// own name; case does not matter. Strict: a call that the script does not foresee is an error.
#[derive(Debug, Default)]
pub struct FakeProvider {
    script: Mutex<Script>,
    actions: Vec<ActionSpec>,
    recoveries: BTreeMap<String, Recovery>,
}

#[derive(Debug, Default)]
struct Script {
    names: Vec<String>,
    once: BTreeMap<String, VecDeque<Step>>,
    always: BTreeMap<String, Step>,
    calls: Vec<ApiCall>,
}

#[derive(Clone, Debug)]
enum Step {
    Answer(Result<Value, CallFault>),
    Hang,
}

impl FakeProvider {
    /// Answers the next call of an API that has no answer yet.
    #[must_use]
    pub fn answer(self, api: &str, answer: Value) -> Self {
        self.push(api, Step::Answer(Ok(answer)))
    }

    /// Lets the next call of an API that has no answer yet fail.
    #[must_use]
    pub fn fault(self, api: &str, fault: impl Into<CallFault>) -> Self {
        self.push(api, Step::Answer(Err(fault.into())))
    }

    /// Lets the next call of an API that has no answer yet take until it is cancelled.
    #[must_use]
    pub fn hang(self, api: &str) -> Self {
        self.push(api, Step::Hang)
    }

    /// Answers every call of an API that is left when its other answers are used up.
    #[must_use]
    pub fn always(self, api: &str, answer: Value) -> Self {
        let name = self.note(api);
        self.with(|script| script.always.insert(name, Step::Answer(Ok(answer))));
        self
    }

    /// Says what may be done about a call of an API after a crash; `Idempotent` if not said.
    #[must_use]
    pub fn recovery(mut self, api: &str, recovery: Recovery) -> Self {
        let name = self.note(api);
        self.recoveries.insert(name, recovery);
        self
    }

    /// Serves a native product action.
    #[must_use]
    pub fn action(mut self, spec: ActionSpec) -> Self {
        self.actions.push(spec);
        self
    }

    /// Returns the calls made so far, in order.
    pub fn calls(&self) -> Vec<ApiCall> {
        self.with(|script| script.calls.clone())
    }

    /// Returns the names of APIs that still have answers which no call has taken.
    pub fn unused(&self) -> Vec<String> {
        self.with(|script| {
            let left = script.once.iter().filter(|(_, steps)| !steps.is_empty());
            left.map(|(name, _)| name.clone()).collect()
        })
    }

    fn push(self, api: &str, step: Step) -> Self {
        let name = self.note(api);
        self.with(|script| script.once.entry(name).or_default().push_back(step));
        self
    }

    /// Remembers the spelling of an API; returns the key that all spellings share.
    fn note(&self, api: &str) -> String {
        let key = api.to_ascii_lowercase();
        self.with(|script| {
            if !script
                .names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(api))
            {
                script.names.push(api.to_owned());
            }
        });
        key
    }

    fn with<R>(&self, work: impl FnOnce(&mut Script) -> R) -> R {
        work(&mut self.script.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn spec(&self, name: &str) -> Option<ApiSpec> {
        let (service, api) = name.split_once('.')?;
        let recovery = self.recoveries.get(&name.to_ascii_lowercase());
        Some(ApiSpec {
            service: service.to_owned(),
            api: api.to_owned(),
            recovery: recovery.copied().unwrap_or(Recovery::Idempotent),
        })
    }
}

#[async_trait]
impl Provider for FakeProvider {
    fn api(&self, service: &str, api: &str) -> Option<ApiSpec> {
        if service.eq_ignore_ascii_case(ACTION_SERVICE) {
            let mut actions = self.actions.iter();
            let spec = actions.find(|spec| spec.name.eq_ignore_ascii_case(api))?;
            let recovery = self.recoveries.get(&spec.name.to_ascii_lowercase());
            return Some(ApiSpec {
                service: ACTION_SERVICE.to_owned(),
                api: spec.name.clone(),
                recovery: recovery.copied().unwrap_or(Recovery::Idempotent),
            });
        }
        self.apis().into_iter().find(|spec| {
            spec.service.eq_ignore_ascii_case(service) && spec.api.eq_ignore_ascii_case(api)
        })
    }

    fn apis(&self) -> Vec<ApiSpec> {
        let names = self.with(|script| script.names.clone());
        let is_api = |name: &&String| !name.starts_with(ACTION_SERVICE);
        names
            .iter()
            .filter(is_api)
            .filter_map(|name| self.spec(name))
            .collect()
    }

    fn actions(&self) -> Vec<ActionSpec> {
        self.actions.clone()
    }

    async fn call(&self, call: &ApiCall, context: &CallContext) -> Result<Value, CallFault> {
        let key = call.display_name().to_ascii_lowercase();
        let step = self.with(|script| {
            script.calls.push(call.clone());
            let next = script.once.get_mut(&key).and_then(VecDeque::pop_front);
            next.or_else(|| script.always.get(&key).cloned())
        });
        match step {
            Some(Step::Answer(answer)) => answer,
            Some(Step::Hang) => {
                context.cancel.cancelled().await;
                let report = "the call was waiting; nothing was started".to_owned();
                Err(CallFault::Cancelled { report })
            }
            None => Err(ApiError::new(
                "UnsupportedOperation",
                format!("the script has no answer for `{}`", call.display_name()),
            )
            .into()),
        }
    }
}
