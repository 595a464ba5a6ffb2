//! `ACS::Notify`: sends a message (language reference 4.7). Also the message of `ACS::Approve`.

use crate::base::call::{ApiCall, HTTP_SERVICE};
use crate::base::value::{Map, Value, find, text};
use crate::engine::builtin::call;
use crate::engine::builtin::context::Context;
use crate::engine::event::{Failure, Work};

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    let call = message(context)?.ok_or_else(|| context.failure("`NotifyType` is required"))?;
    Ok(Work::Call { call })
}

/// Returns the call that sends the message; `None` if there is none to send.
pub(super) fn message(context: &Context) -> Result<Option<ApiCall>, Failure> {
    let Some(notify_type) = context.text("NotifyType") else {
        return Ok(None);
    };
    if !notify_type.eq_ignore_ascii_case("WebHook") {
        return Err(Failure::new(
            "NotSupported",
            format!("`NotifyType` `{notify_type}` is not supported: use `WebHook`"),
        ));
    }
    let hook = context.map("WebHook")?;
    let part = |name: &str| find(&hook, name).cloned();
    let address = part("URI").map(|uri| text(&uri)).unwrap_or_default();
    if address.is_empty() {
        return Err(context.failure("`WebHook.URI` is required"));
    }
    let mut parameters = Map::new();
    parameters.insert("URL".into(), address.into());
    parameters.insert(
        "Headers".into(),
        part("Headers").unwrap_or_else(|| Value::Object(Map::new())),
    );
    parameters.insert("Body".into(), part("Content").unwrap_or_default());
    Ok(Some(call::new(context, HTTP_SERVICE, "POST", parameters)))
}
