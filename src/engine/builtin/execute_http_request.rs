//! `ACS::ExecuteHttpRequest`: a plain HTTP request, whose answer may be checked or waited for
//! (language reference 4.14).

use crate::base::call::{ApiCall, HTTP_SERVICE};
use crate::base::value::{Map, Value, find};
use crate::engine::builtin::call;
use crate::engine::builtin::context::Context;
use crate::engine::builtin::poll_policy;
use crate::engine::event::{Failure, Work};

/// Polls after the first one under `WaitFor`, when the task does not say.
const RETRIES: u32 = 10;

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    let call = request(context)?;
    for (property, retries) in [("CheckFor", 0), ("WaitFor", RETRIES)] {
        if let Some(rule) = rule(context, property)? {
            let policy = poll_policy::from_rule(context, &rule, retries)?;
            return Ok(Work::Poll { call, policy });
        }
    }
    Ok(Work::Call { call })
}

fn request(context: &Context) -> Result<ApiCall, Failure> {
    let method = context.text("Method").unwrap_or_else(|| "POST".into());
    let mut parameters = Map::new();
    parameters.insert("URL".into(), context.required_text("URL")?.into());
    parameters.insert("Headers".into(), context.map("Headers")?.into());
    parameters.insert("Query".into(), context.map("Query")?.into());
    parameters.insert(
        "Body".into(),
        context.property("Body").cloned().unwrap_or_default(),
    );
    let method = method.to_ascii_uppercase();
    Ok(call::new(context, HTTP_SERVICE, &method, parameters))
}

/// Returns the rule under `CheckFor` or `WaitFor`; one, since one value is compared.
fn rule(context: &Context, property: &str) -> Result<Option<Map>, Failure> {
    let holder = context.map(property)?;
    let rules = match find(&holder, "Rules") {
        None => return Ok(None),
        Some(Value::Array(rules)) => rules.clone(),
        Some(rule) => vec![rule.clone()],
    };
    match rules.as_slice() {
        [] => Ok(None),
        [Value::Object(rule)] => Ok(Some(rule.clone())),
        [_] => Err(context.failure(&format!("`{property}.Rules` must hold a map"))),
        _ => Err(Failure::new(
            "NotSupported",
            format!("`{property}.Rules` with more than one rule is not supported yet"),
        )),
    }
}
