//! What a unit ran with, as a listing shows it.

use serde_json::json;

use crate::base::call::{ACTION_SERVICE, ApiCall, HTTP_SERVICE};
use crate::base::time::utc_text;
use crate::base::value::{Map, Value};
use crate::engine::event::Work;

/// Returns the properties of `work` in the words of the template language.
pub(super) fn properties(work: &Work) -> Value {
    match work {
        Work::Call { call } => call_properties(call).into(),
        Work::Poll { call, policy } => {
            let mut map = call_properties(call);
            map.insert("PropertySelector".into(), json!(policy.selector));
            for (name, values) in [
                ("DesiredValues", &policy.desired),
                ("NotDesiredValues", &policy.not_desired),
                ("StopRetryValues", &policy.stop),
            ] {
                if !values.is_empty() {
                    map.insert(name.into(), json!(values));
                }
            }
            map.into()
        }
        Work::Sleep { until } => json!({ "Until": utc_text(*until) }),
        Work::Trigger { event } => json!({ "Event": event }),
        Work::Approval {
            approvers,
            required,
            ..
        } => json!({ "Approvers": approvers, "MinRequiredApprovals": required }),
        Work::Child { parameters, .. } => parameters.clone().into(),
        Work::Watch { settings, .. } => Value::Object(settings.clone()),
        Work::Choice { .. } | Work::Pause => json!({}),
    }
}

fn call_properties(call: &ApiCall) -> Map {
    if call.service == ACTION_SERVICE || call.service == HTTP_SERVICE {
        return call.parameters.clone();
    }
    let mut map = Map::new();
    map.insert("Service".into(), json!(call.service));
    map.insert("API".into(), json!(call.api));
    if let Some(rest) = &call.rest {
        map.insert("Method".into(), json!(rest.method));
        map.insert("URI".into(), json!(rest.uri));
        map.insert("Headers".into(), json!(rest.headers));
        map.insert("Body".into(), rest.body.clone());
    }
    map.insert("Parameters".into(), json!(call.parameters));
    map
}
