//! `ACS::SelectTargets`: asks the provider which resources the filters mean (language reference
//! 4.6).

use crate::base::call::ACTION_SERVICE;
use crate::base::value::{Map, Value, find};
use crate::engine::builtin::call;
use crate::engine::builtin::context::Context;
use crate::engine::event::{Failure, Work};

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    let filters: Vec<Value> = context.list("Filters").into_iter().map(as_filter).collect();
    let region = context.text("RegionId").or_else(|| {
        filters.iter().find_map(|filter| {
            let region = find(filter.as_object()?, "RegionId")?;
            region.as_str().map(str::to_owned)
        })
    });
    let mut parameters = Map::new();
    parameters.insert(
        "ResourceType".into(),
        context.required_text("ResourceType")?.into(),
    );
    if let Some(region) = region {
        parameters.insert("RegionId".into(), region.into());
    }
    parameters.insert("Filters".into(), filters.into());
    let call = call::new(context, ACTION_SERVICE, "ACS::SelectTargets", parameters);
    Ok(Work::Call { call })
}

/// Some templates declare the selector as text: it is JSON then.
fn as_filter(value: Value) -> Value {
    match &value {
        Value::String(text) => serde_json::from_str(text).unwrap_or(value),
        _ => value,
    }
}
