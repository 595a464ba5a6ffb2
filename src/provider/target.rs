//! `ACS::SelectTargets`: from target selectors to describe records, in one shape for all types
//! (language reference 4.6).

use serde_json::json;

use crate::base::call::{ApiCall, ApiError, CallFault};
use crate::base::value::{self, Map, Value};
use crate::provider::{CallContext, Provider};

/// The action that this file is.
pub const SELECT_TARGETS: &str = "ACS::SelectTargets";

/// The most ids that one describe call takes.
const CHUNK: usize = 100;

/// How resources of one type are listed.
#[derive(Debug)]
struct Listing {
    resource_type: &'static str,
    service: &'static str,
    api: &'static str,
    /// The parameter that takes ids.
    ids: &'static str,
    /// Where the answer holds the list.
    list: &'static [&'static str],
    /// The field that holds the id.
    id: &'static str,
    /// Where and under which id the result holds it.
    result: (&'static [&'static str], &'static str),
}

/// The shape in which most types are selected.
const INSTANCES: (&[&str], &str) = (&["Instances", "Instance"], "InstanceId");

const LISTINGS: &[Listing] = &[
    Listing {
        resource_type: "ALIYUN::ECS::Instance",
        service: "ECS",
        api: "DescribeInstances",
        ids: "InstanceIds",
        list: &["Instances", "Instance"],
        id: "InstanceId",
        result: INSTANCES,
    },
    Listing {
        resource_type: "ALIYUN::ECS::ManagedInstance",
        service: "ECS",
        api: "DescribeInstances",
        ids: "InstanceIds",
        list: &["Instances", "Instance"],
        id: "InstanceId",
        result: INSTANCES,
    },
    Listing {
        resource_type: "ALIYUN::ECD::Desktop",
        service: "ECD",
        api: "DescribeDesktops",
        ids: "DesktopIds",
        list: &["Desktops"],
        id: "DesktopId",
        result: INSTANCES,
    },
    Listing {
        resource_type: "ALIYUN::RDS::Instance",
        service: "RDS",
        api: "DescribeDBInstances",
        ids: "DBInstanceIds",
        list: &["Items", "DBInstance"],
        id: "DBInstanceId",
        result: INSTANCES,
    },
    Listing {
        resource_type: "ALIYUN::Redis::Instance",
        service: "R-KVSTORE",
        api: "DescribeInstances",
        ids: "InstanceIds",
        list: &["Instances", "KVStoreInstance"],
        id: "InstanceId",
        result: INSTANCES,
    },
    Listing {
        resource_type: "ALIYUN::ComputeNestSupplier::Instance",
        service: "ComputeNestSupplier",
        api: "ListServiceInstances",
        ids: "ServiceInstanceIds",
        list: &["ServiceInstances"],
        id: "ServiceInstanceId",
        result: (&["ServiceInstances"], "ServiceInstanceId"),
    },
];

/// What one filter selects.
#[derive(Clone, PartialEq, Debug)]
struct Filter {
    region: Option<String>,
    choice: Choice,
    parameters: Map,
}

#[derive(Clone, PartialEq, Debug)]
enum Choice {
    Ids(Vec<String>),
    Tags(Vec<Value>),
    Group(String),
    /// Target words, which only the cloud that knows hosts can follow.
    Words(String),
    All,
}

/// Serves the action through describe calls to `provider`, which must merge pages.
pub(super) async fn select(
    provider: &dyn Provider,
    call: &ApiCall,
    context: &CallContext,
) -> Result<Value, CallFault> {
    let listing = listing(call)?;
    if provider.api(listing.service, listing.api).is_none() {
        return Err(ApiError::new(
            "UnsupportedOperation",
            format!(
                "targets of type `{}` cannot be selected: the provider of this profile does not \
                 serve `{}.{}`; `oos action list --apis` lists what it serves",
                listing.resource_type, listing.service, listing.api
            ),
        )
        .into());
    }
    let filters = filters(call)?;
    let mut selected: Option<Vec<Value>> = None;
    for (number, filter) in filters.iter().enumerate() {
        let found = find(provider, call, context, (listing, filter, number)).await?;
        selected = Some(match selected {
            None => found,
            Some(before) => intersect(before, &found, listing.id),
        });
    }
    Ok(answer(listing, selected.unwrap_or_default()))
}

fn parameter<'a>(map: &'a Map, name: &str) -> Option<&'a Value> {
    map.iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .filter(|value| !value.is_null() && value.as_str() != Some(""))
}

fn invalid(why: impl AsRef<str>) -> ApiError {
    let message = format!("the parameter `Filters` is not valid: {}", why.as_ref());
    ApiError::new("InvalidParameter", message)
}

fn listing(call: &ApiCall) -> Result<&'static Listing, ApiError> {
    let asked = parameter(&call.parameters, "ResourceType").map(value::text);
    let asked = asked.ok_or_else(|| {
        ApiError::new(
            "MissingParameter",
            "the parameter `ResourceType` must be given",
        )
    })?;
    LISTINGS
        .iter()
        .find(|listing| listing.resource_type.eq_ignore_ascii_case(&asked))
        .ok_or_else(|| {
            let known: Vec<&str> = LISTINGS.iter().map(|l| l.resource_type).collect();
            ApiError::new(
                "InvalidParameter.ResourceType",
                format!(
                    "targets of type `{asked}` cannot be selected; expected one of {}",
                    known.join(", ")
                ),
            )
        })
}

/// Reads the filters: a list of maps, where each map, or the whole, may be JSON text.
fn filters(call: &ApiCall) -> Result<Vec<Filter>, ApiError> {
    let missing = || ApiError::new("MissingParameter", "the parameter `Filters` must be given");
    let given = parameter(&call.parameters, "Filters").ok_or_else(missing)?;
    let list = match parsed(given)? {
        Value::Array(list) => list,
        map => vec![map],
    };
    let mut filters = Vec::new();
    for entry in &list {
        match parsed(entry)? {
            Value::Object(map) => filters.push(filter(&map)?),
            other => {
                let why = format!("expected a map, found {}", value::kind(&other));
                return Err(invalid(why));
            }
        }
    }
    if filters.is_empty() {
        return Err(missing());
    }
    Ok(filters)
}

/// Returns what JSON text stands for; everything else is returned as it is.
fn parsed(given: &Value) -> Result<Value, ApiError> {
    match given {
        Value::String(text) => serde_json::from_str(text)
            .map_err(|error| invalid(format!("`{text}` is neither a map nor JSON: {error}"))),
        other => Ok(other.clone()),
    }
}

const FIELDS: &[&str] = &[
    "Type",
    "RegionId",
    "ResourceIds",
    "Tags",
    "ResourceGroupId",
    "Words",
    "Parameters",
];

fn filter(map: &Map) -> Result<Filter, ApiError> {
    // A field that is not understood might have narrowed the selection.
    if let Some(key) = map
        .keys()
        .find(|key| !FIELDS.iter().any(|f| f.eq_ignore_ascii_case(key)))
    {
        let why = format!(
            "a filter has no field `{key}`; it has {}",
            FIELDS.join(", ")
        );
        return Err(invalid(why));
    }
    let parameters = match parameter(map, "Parameters").map(parsed).transpose()? {
        None => Map::new(),
        Some(Value::Object(map)) => map,
        Some(other) => {
            let why = format!("`Parameters` must be a map, not {}", value::kind(&other));
            return Err(invalid(why));
        }
    };
    Ok(Filter {
        region: parameter(map, "RegionId").map(value::text),
        choice: choice(map, !parameters.is_empty())?,
        parameters,
    })
}

fn choice(map: &Map, has_parameters: bool) -> Result<Choice, ApiError> {
    let has = |name| parameter(map, name).is_some();
    let kind = match parameter(map, "Type").map(value::text) {
        Some(kind) => kind,
        None if has("ResourceIds") => "ResourceIds".to_owned(),
        None if has("Tags") => "Tags".to_owned(),
        None if has("ResourceGroupId") => "ResourceGroup".to_owned(),
        None if has("Words") => "Words".to_owned(),
        None if has_parameters => "All".to_owned(),
        None => {
            return Err(invalid(
                "a filter without `Type`, `ResourceIds`, `Tags`, `ResourceGroupId` and `Words` \
                 selects nothing in particular; say `Type: All` to select everything",
            ));
        }
    };
    match kind.to_ascii_lowercase().as_str() {
        "resourceids" => Ok(Choice::Ids(ids(parameter(map, "ResourceIds"))?)),
        "tags" => Ok(Choice::Tags(tags(parameter(map, "Tags"))?)),
        "resourcegroup" | "resourcegroupid" => parameter(map, "ResourceGroupId")
            .map(|group| Choice::Group(value::text(group)))
            .ok_or_else(|| invalid("`Type: ResourceGroup` needs `ResourceGroupId`")),
        "words" => parameter(map, "Words")
            .map(|words| Choice::Words(value::text(words)))
            .ok_or_else(|| invalid("`Type: Words` needs `Words`, such as `@web,!web03`")),
        "all" => Ok(Choice::All),
        _ => Err(invalid(format!(
            "`Type` is `{kind}`; expected ResourceIds, Tags, ResourceGroup, Words or All"
        ))),
    }
}

/// Reads ids, each once, in their order.
fn ids(given: Option<&Value>) -> Result<Vec<String>, ApiError> {
    let mut ids: Vec<String> = Vec::new();
    let list = match given {
        None => return Ok(ids),
        Some(Value::String(text)) if !text.trim_start().starts_with('[') => vec![json!(text)],
        Some(given) => match parsed(given)? {
            Value::Array(list) => list,
            other => {
                let why = format!("`ResourceIds` must be a list, not {}", value::kind(&other));
                return Err(invalid(why));
            }
        },
    };
    let mut seen = std::collections::BTreeSet::new();
    for element in list {
        match element {
            Value::Null => {}
            Value::Array(_) | Value::Object(_) => {
                let why = format!("`ResourceIds` holds {}", value::kind(&element));
                return Err(invalid(why));
            }
            scalar => {
                let id = value::text(&scalar);
                if !id.is_empty() && seen.insert(id.clone()) {
                    ids.push(id);
                }
            }
        }
    }
    Ok(ids)
}

/// Reads tags; without any the filter would select everything.
fn tags(given: Option<&Value>) -> Result<Vec<Value>, ApiError> {
    let wrong = || invalid("`Type: Tags` needs `Tags`, a list of Key and Value that is not empty");
    match given.map(parsed).transpose()? {
        Some(Value::Array(list)) if !list.is_empty() => {
            let has_key = |entry: &Value| {
                entry
                    .as_object()
                    .is_some_and(|map| parameter(map, "Key").is_some())
            };
            if list.iter().all(has_key) {
                Ok(list)
            } else {
                Err(wrong())
            }
        }
        _ => Err(wrong()),
    }
}

/// Lists what one filter selects.
async fn find(
    provider: &dyn Provider,
    call: &ApiCall,
    context: &CallContext,
    (listing, filter, number): (&Listing, &Filter, usize),
) -> Result<Vec<Value>, CallFault> {
    let own_region = parameter(&call.parameters, "RegionId").map(value::text);
    let region = own_region
        .or_else(|| filter.region.clone())
        .unwrap_or_else(|| call.region.clone());
    let mut parameters = filter.parameters.clone();
    parameters.insert("RegionId".to_owned(), json!(region));
    let describe = |extra: Option<(&str, Value)>, part: usize| {
        let mut parameters = parameters.clone();
        parameters.extend(extra.map(|(name, value)| (name.to_owned(), value)));
        ApiCall {
            service: listing.service.to_owned(),
            api: listing.api.to_owned(),
            region: region.clone(),
            parameters,
            rest: None,
            role: call.role.clone(),
            client_token: part_token(&call.client_token, number, part),
            auto_paging: true,
        }
    };
    let one = |extra| async { provider.call(&describe(extra, 0), context).await };
    match &filter.choice {
        Choice::All => Ok(entries(listing, one(None).await?)),
        Choice::Tags(tags) => Ok(entries(listing, one(Some(("Tags", json!(tags)))).await?)),
        Choice::Group(group) => {
            let extra = Some(("ResourceGroupId", json!(group)));
            Ok(entries(listing, one(extra).await?))
        }
        Choice::Words(_) if listing.service != "ECS" => Err(invalid(format!(
            "`Type: Words` selects hosts; `{}` has none",
            listing.resource_type
        ))
        .into()),
        Choice::Words(words) => {
            let extra = Some(("TargetWords", json!(words)));
            Ok(entries(listing, one(extra).await?))
        }
        Choice::Ids(ids) => {
            let mut found = Vec::with_capacity(ids.len());
            for (part, chunk) in ids.chunks(CHUNK).enumerate() {
                let call = describe(Some((listing.ids, json!(chunk))), part);
                let answer = provider.call(&call, context).await?;
                found.extend(in_order(chunk, entries(listing, answer), listing.id));
            }
            Ok(found)
        }
    }
}

/// Numbers the calls of one selection behind its token. A look-up that belongs to no run has none, and
/// so have its calls.
fn part_token(token: &str, filter: usize, part: usize) -> String {
    if token.is_empty() {
        String::new()
    } else {
        format!("{token}-{filter}-{part}")
    }
}

fn entries(listing: &Listing, answer: Value) -> Vec<Value> {
    let mut place = answer;
    for key in listing.list {
        place = place.get_mut(*key).map(Value::take).unwrap_or_default();
    }
    match place {
        Value::Array(list) => list,
        _ => Vec::new(),
    }
}

/// Puts records in the order of `ids`; services answer in any order.
fn in_order(ids: &[String], mut records: Vec<Value>, field: &str) -> Vec<Value> {
    records.retain(|record| ids.iter().any(|id| record[field] == **id));
    records.sort_by_key(|record| ids.iter().position(|id| record[field] == **id));
    records
}

fn intersect(mut left: Vec<Value>, right: &[Value], field: &str) -> Vec<Value> {
    let ids: std::collections::BTreeSet<String> = right
        .iter()
        .map(|record| value::text(&record[field]))
        .collect();
    left.retain(|record| ids.contains(&value::text(&record[field])));
    left
}

/// Puts the records in the shape that templates select from; each keeps all of its fields.
fn answer(listing: &Listing, mut records: Vec<Value>) -> Value {
    let (path, id) = listing.result;
    if id != listing.id {
        for record in &mut records {
            record[id] = record[listing.id].clone();
        }
    }
    let mut answer = Value::Array(records);
    for key in path.iter().rev() {
        answer = json!({ *key: answer });
    }
    answer
}
