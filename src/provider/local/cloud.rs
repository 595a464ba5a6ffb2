//! The provider itself: finds the API, answers repeated calls from memory, writes what changed.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use crate::action::{ActionSpec, ApiSpec};
use crate::base::call::{ACTION_SERVICE, ApiCall, ApiError, CallFault};
use crate::base::records::{RecordChange, Records};
use crate::base::value::{Map, Value};
use crate::provider::local::api::table::{self, Api, Kind};
use crate::provider::local::driver::Driver;
use crate::provider::local::image::{HOST_IMAGE, Image};
use crate::provider::local::instance::{Instance, Power};
use crate::provider::local::request::Request;
use crate::provider::local::state::{Entity, State, Stored, WriteFault};
use crate::provider::local::token::{Token, request_id, token_id};
use crate::provider::local::{fault, garbage, native};
use crate::provider::{CallContext, Provider, registry};

/// How often a call decides again because another process wrote first.
const CONFLICT_RETRIES: u32 = 20;

/// An ECS-shaped cloud on this machine.
#[derive(Clone, Debug)]
pub struct LocalCloud {
    pub(super) state: State,
    pub(super) driver: Arc<dyn Driver>,
    pub(super) account: String,
    pub(super) region: String,
}

/// What an API answers, and what is to be written before it does.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// The answer without its `RequestId`.
    pub(super) answer: Map,
    /// The changes, all or none.
    pub(super) changes: Vec<RecordChange>,
}

impl From<Map> for Reply {
    fn from(answer: Map) -> Self {
        Self {
            answer,
            changes: Vec::new(),
        }
    }
}

impl LocalCloud {
    /// Makes a cloud over stored `records` and a `driver`; `account` and `region` are what its
    /// answers show.
    pub fn new(
        records: Arc<dyn Records>,
        driver: Arc<dyn Driver>,
        account: impl Into<String>,
        region: impl Into<String>,
    ) -> Self {
        Self {
            state: State::new(records),
            driver,
            account: account.into(),
            region: region.into(),
        }
    }

    async fn serve(&self, api: &Api, request: &Request<'_>) -> Result<Map, CallFault> {
        request.note_unknown(api.parameters);
        let mut answer = match api.kind {
            Kind::Reads => (api.handler)(self, request).await?.answer,
            Kind::Changes => self.change(api, request).await?,
        };
        let id = request_id(&request.call.client_token, request.now());
        answer.insert("RequestId".to_owned(), json!(id));
        Ok(answer)
    }

    /// Decides, acts and writes; decides again when somebody else wrote first. What handlers ask of
    /// the driver is idempotent, so that doing it twice does no harm.
    async fn change(&self, api: &Api, request: &Request<'_>) -> Result<Map, CallFault> {
        let token = request.token()?;
        let id = token_id(&request.call.display_name(), &token);
        for _ in 0..CONFLICT_RETRIES {
            if let Some(stored) = self.state.get::<Token>(&id).await? {
                return Ok(stored.value.answer);
            }
            let reply = (api.handler)(self, request).await?;
            let memory = Token::new(id.clone(), reply.answer.clone(), request.now());
            let mut changes = reply.changes;
            changes.push(Stored::new(memory).put());
            match self.state.write(changes).await {
                Ok(()) => {
                    garbage::sweep(self).await?;
                    return Ok(reply.answer);
                }
                Err(WriteFault::Conflict) => {}
                Err(WriteFault::Fault(fault)) => return Err(fault),
            }
        }
        Err(ApiError::new(
            "Throttling.Conflict",
            format!("others keep changing what `{}` needs; try again", api.name),
        )
        .into())
    }

    /// Returns an instance that must exist.
    pub(super) async fn instance(&self, id: &str) -> Result<Stored<Instance>, CallFault> {
        self.state
            .get(id)
            .await?
            .ok_or_else(|| fault::no_instance(id).into())
    }

    /// Returns an image that must exist.
    pub(super) async fn image(&self, id: &str) -> Result<Stored<Image>, CallFault> {
        if id == HOST_IMAGE {
            return Ok(Stored::new(Image::host()));
        }
        self.state
            .get(id)
            .await?
            .ok_or_else(|| fault::no_image(id).into())
    }

    /// Returns whether an instance runs, by looking where it is meant to.
    pub(super) async fn power(&self, instance: &Instance) -> Result<Power, CallFault> {
        match instance.power {
            Power::Stopped => Ok(Power::Stopped),
            Power::Running => {
                let runs = self
                    .driver
                    .is_running(&instance.id)
                    .await
                    .map_err(fault::driver)?;
                Ok(if runs { Power::Running } else { Power::Stopped })
            }
        }
    }

    /// Returns the region that a call names, or the cloud's own.
    pub(super) fn region_of(&self, request: &Request<'_>) -> Result<String, ApiError> {
        Ok(request.text("RegionId")?.unwrap_or_else(|| {
            if request.call.region.is_empty() {
                self.region.clone()
            } else {
                request.call.region.clone()
            }
        }))
    }

    /// Returns documents by id in the order of `ids`, or all of them, oldest first.
    pub(super) async fn select<T: Entity>(
        &self,
        ids: Option<Vec<String>>,
    ) -> Result<Vec<Stored<T>>, CallFault> {
        match ids {
            None => self.state.all().await,
            Some(ids) => {
                let mut found = Vec::with_capacity(ids.len());
                for id in ids {
                    found.extend(self.state.get(&id).await?);
                }
                Ok(found)
            }
        }
    }
}

#[async_trait]
impl Provider for LocalCloud {
    fn api(&self, service: &str, api: &str) -> Option<ApiSpec> {
        if service.eq_ignore_ascii_case(ACTION_SERVICE) {
            return native::api(api);
        }
        table::find(service, api).map(Api::spec)
    }

    fn apis(&self) -> Vec<ApiSpec> {
        table::served().map(Api::spec).collect()
    }

    fn actions(&self) -> Vec<ActionSpec> {
        native::actions()
    }

    async fn call(&self, call: &ApiCall, context: &CallContext) -> Result<Value, CallFault> {
        let request = Request { call, context };
        if call.service.eq_ignore_ascii_case(ACTION_SERVICE) {
            return native::call(self, &request).await;
        }
        match table::find(&call.service, &call.api) {
            Some(api) => Ok(Value::Object(self.serve(api, &request).await?)),
            None => Err(registry::unsupported(call, "the local cloud", &self.apis()).into()),
        }
    }
}
