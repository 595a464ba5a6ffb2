//! The local cloud as a provider: finds the API, answers repeated calls from memory, writes what
//! changed.

use async_trait::async_trait;
use serde_json::json;

use crate::action::{ActionSpec, ApiSpec};
use crate::base::call::{ACTION_SERVICE, ApiCall, ApiError, CallFault};
use crate::base::value::{Map, Value};
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::api::table;
use crate::provider::local::cloud::LocalCloud;
use crate::provider::local::request::Request;
use crate::provider::local::state::{Stored, WriteFault};
use crate::provider::local::token::{Token, request_id, token_id};
use crate::provider::local::{garbage, native};
use crate::provider::{CallContext, Provider, registry};

/// How often a call decides again because another process wrote first.
const CONFLICT_RETRIES: u32 = 20;

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
            Some(api) => Ok(Value::Object(serve(self, api, &request).await?)),
            None => Err(registry::unsupported(call, "the local cloud", &self.apis()).into()),
        }
    }
}

async fn serve(cloud: &LocalCloud, api: &Api, request: &Request<'_>) -> Result<Map, CallFault> {
    request.note_unknown(api.parameters);
    let mut answer = match api.kind {
        Kind::Reads => (api.handler)(cloud, request).await?.answer,
        Kind::Changes | Kind::Sets => change(cloud, api, request).await?,
    };
    let id = request_id(&request.call.client_token, request.now());
    answer.insert("RequestId".to_owned(), json!(id));
    Ok(answer)
}

/// Decides, acts and writes; decides again when somebody else wrote first. What handlers ask of
/// the driver is idempotent, so that doing it twice does no harm.
async fn change(cloud: &LocalCloud, api: &Api, request: &Request<'_>) -> Result<Map, CallFault> {
    let token = request.token()?;
    let id = token_id(&request.call.display_name(), &token);
    let remembers = api.kind == Kind::Changes;
    for _ in 0..CONFLICT_RETRIES {
        if remembers && let Some(stored) = cloud.state.get::<Token>(&id).await? {
            return Ok(stored.value.answer);
        }
        let reply = (api.handler)(cloud, request).await?;
        let mut changes = reply.changes;
        if remembers {
            let memory = Token::new(id.clone(), reply.answer.clone(), request.now());
            changes.push(Stored::new(memory).put());
        }
        match cloud.state.write(changes, &request.context.redactor).await {
            Ok(()) => {
                if let Err(fault) = garbage::sweep(cloud).await {
                    // The notes stay, so that the next change tries again.
                    tracing::warn!(%fault, "unused layers are kept");
                }
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
