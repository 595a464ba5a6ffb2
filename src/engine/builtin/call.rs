//! What all calls have in common: region, role, client token, risk.

use crate::base::call::{ApiCall, Rest};
use crate::base::digest::Digest;
use crate::base::value::{Map, Value, text};
use crate::engine::builtin::context::Context;
use crate::engine::event::{Failure, Started, UnitId, Work};
use crate::engine::status::SafetyCheck;

/// How operations begin that count as high risk unless the task says otherwise (language
/// reference 5.5).
const RISKY: [&str; 4] = ["delete", "remove", "terminate", "drop"];

/// Letters of a client token: what the strictest of the vendor's APIs takes.
const TOKEN_LENGTH: usize = 32;

/// Makes a call of `api` with the execution's region and role.
pub(super) fn new(context: &Context, service: &str, api: &str, parameters: Map) -> ApiCall {
    let started = context.started();
    let parameters = without_nulls(parameters);
    let region = parameters
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case("RegionId"))
        .and_then(|(_, value)| value.as_str())
        .filter(|region| !region.is_empty())
        .unwrap_or(&started.region)
        .to_owned();
    ApiCall {
        service: service.to_owned(),
        api: api.to_owned(),
        region,
        parameters,
        rest: None,
        role: started.role.clone(),
        client_token: client_token(started, context.unit),
        auto_paging: true,
    }
}

/// Makes the call that `Service`, `API`, `Parameters` and their companions describe.
pub(super) fn from_properties(context: &Context) -> Result<ApiCall, Failure> {
    let service = context.required_text("Service")?;
    let api = context.required_text("API")?;
    let mut call = new(context, &service, &api, context.map("Parameters")?);
    call.rest = rest(context)?;
    call.auto_paging = context
        .property("AutoPaging")
        .is_none_or(|value| !text(value).eq_ignore_ascii_case("false"));
    Ok(call)
}

fn rest(context: &Context) -> Result<Option<Rest>, Failure> {
    let names = ["Method", "URI", "Headers", "Body"];
    if names.iter().all(|name| context.property(name).is_none()) {
        return Ok(None);
    }
    Ok(Some(Rest {
        method: context.text("Method").unwrap_or_else(|| "GET".into()),
        uri: context.text("URI").unwrap_or_default(),
        headers: context.map("Headers")?,
        body: context.property("Body").cloned().unwrap_or_default(),
    }))
}

/// Tells whether the work is a high-risk call and the execution wants those confirmed.
pub(in crate::engine) fn needs_confirmation(context: &Context, work: &Work) -> bool {
    if context.started().safety_check != SafetyCheck::ConfirmEveryHighRiskAction {
        return false;
    }
    let (Work::Call { call } | Work::Poll { call, .. }) = work else {
        return false;
    };
    match context.text("Risk") {
        Some(risk) if risk.eq_ignore_ascii_case("High") => true,
        Some(risk) if risk.eq_ignore_ascii_case("Normal") => false,
        _ => {
            let api = call.api.to_ascii_lowercase();
            RISKY.iter().any(|prefix| api.starts_with(prefix))
        }
    }
}

/// The token follows from the unit alone: the same unit makes the same call, however often.
fn client_token(started: &Started, unit: UnitId) -> String {
    let name = format!(
        "{}/{}/{:?}/{}",
        started.id, unit.task, unit.item, unit.attempt
    );
    Digest::of(name.as_bytes()).hex()[..TOKEN_LENGTH].to_owned()
}

/// Drops `null` at every level: to an API it means "not given".
fn without_nulls(map: Map) -> Map {
    map.into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key, value_without_nulls(value)))
        .collect()
}

fn value_without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(without_nulls(map)),
        Value::Array(list) => list
            .into_iter()
            .filter(|value| !value.is_null())
            .map(value_without_nulls)
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
