//! Which provider serves a call: by service, with what every call needs around it (retries,
//! merged pages).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::action::{ActionSpec, ApiSpec};
use crate::base::call::{ACTION_SERVICE, ApiCall, ApiError, CallFault, HTTP_SERVICE, Recovery};
use crate::base::name::nearest;
use crate::base::value::Value;
use crate::provider::paging::Pages;
use crate::provider::{CallContext, Provider, target};

/// How often a call is made before a passing fault counts.
const ATTEMPTS: u32 = 4;

/// The pause before the second attempt; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Routes calls to providers.
///
/// `HTTP` and mounted services have a provider of their own; native product actions and everything
/// else go to the provider of the profile; `ACS::SelectTargets` is made of calls to it.
#[derive(Clone, Debug)]
pub struct Registry {
    profile: Arc<dyn Provider>,
    mounted: BTreeMap<String, Arc<dyn Provider>>,
}

impl Registry {
    /// Makes a registry over the provider of a profile and the one that makes HTTP requests.
    pub fn new(profile: Arc<dyn Provider>, http: Arc<dyn Provider>) -> Self {
        let registry = Self {
            profile,
            mounted: BTreeMap::new(),
        };
        registry.mount(HTTP_SERVICE, http)
    }

    /// Lets `provider` serve all calls of `service`.
    #[must_use]
    pub fn mount(mut self, service: &str, provider: Arc<dyn Provider>) -> Self {
        self.mounted.insert(service.to_ascii_lowercase(), provider);
        self
    }

    fn provider(&self, service: &str) -> &Arc<dyn Provider> {
        self.mounted
            .get(&service.to_ascii_lowercase())
            .unwrap_or(&self.profile)
    }

    /// Makes one call with retries.
    async fn attempt(&self, call: &ApiCall, context: &CallContext) -> Result<Value, CallFault> {
        let provider = self.provider(&call.service);
        if provider.api(&call.service, &call.api).is_none() {
            return Err(unsupported(call, "the provider of this profile", &self.apis()).into());
        }
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match provider.call(call, context).await {
                Err(fault) if is_passing(&fault) => {
                    tracing::debug!(api = call.display_name(), %fault, "call is made again");
                }
                done => return done,
            }
            tokio::select! {
                biased;
                () = context.cancel.cancelled() => {
                    let report = "the call was not being served; nothing was started".to_owned();
                    return Err(CallFault::Cancelled { report });
                }
                () = tokio::time::sleep(pause) => {}
            }
            pause *= 2;
        }
        provider.call(call, context).await
    }
}

/// Tells whether nothing happened and trying again may help.
fn is_passing(fault: &CallFault) -> bool {
    match fault {
        CallFault::Unreachable { .. } => true,
        CallFault::Api(error) => {
            error.code.starts_with("Throttling")
                || ["ServiceUnavailable", "InternalError"].contains(&error.code.as_str())
        }
        CallFault::Unknown { .. } | CallFault::Storage { .. } | CallFault::Cancelled { .. } => {
            false
        }
    }
}

/// Makes the error for a call that nobody serves.
pub(crate) fn unsupported(call: &ApiCall, provider: &str, served: &[ApiSpec]) -> ApiError {
    let names: Vec<String> = served
        .iter()
        .map(|spec| format!("{}.{}", spec.service, spec.api))
        .collect();
    let asked = call.display_name();
    let hint = nearest(&asked, names.iter().map(String::as_str))
        .map(|name| format!("did you mean `{name}`? "))
        .unwrap_or_default();
    ApiError::new(
        "UnsupportedOperation",
        format!(
            "{provider} does not serve `{asked}`; {hint}`oos action list --apis` lists what it \
             serves"
        ),
    )
}

#[async_trait]
impl Provider for Registry {
    fn api(&self, service: &str, api: &str) -> Option<ApiSpec> {
        let is_action = service.eq_ignore_ascii_case(ACTION_SERVICE);
        if is_action && api.eq_ignore_ascii_case(target::SELECT_TARGETS) {
            return Some(ApiSpec {
                service: ACTION_SERVICE.to_owned(),
                api: target::SELECT_TARGETS.to_owned(),
                recovery: Recovery::Idempotent,
            });
        }
        self.provider(service).api(service, api)
    }

    fn apis(&self) -> Vec<ApiSpec> {
        let mut apis = self.profile.apis();
        apis.retain(|spec| {
            !self
                .mounted
                .contains_key(&spec.service.to_ascii_lowercase())
        });
        apis.extend(self.mounted.values().flat_map(|provider| provider.apis()));
        apis
    }

    fn actions(&self) -> Vec<ActionSpec> {
        self.profile.actions()
    }

    async fn call(&self, call: &ApiCall, context: &CallContext) -> Result<Value, CallFault> {
        if call.is(ACTION_SERVICE, target::SELECT_TARGETS) {
            return Box::pin(target::select(self, call, context)).await;
        }
        let first = self.attempt(call, context).await?;
        let mut pages = Pages::begin(first);
        while let Some(next) = pages.next_call(call)? {
            pages.add(self.attempt(&next, context).await?);
        }
        Ok(pages.into_answer())
    }
}
