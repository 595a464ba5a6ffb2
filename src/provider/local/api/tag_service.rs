//! The TAG service: the same tags, by resource name (`arn:acs:ecs:REGION:ACCOUNT:instance/ID`).

use serde_json::{Value, json};

use crate::base::call::{ApiError, CallFault};
use crate::provider::local::answer::{Page, object};
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::api::resource_tag::{ResourceKind, Tagged, all, edit};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::fault;
use crate::provider::local::request::Request;
use crate::provider::local::tag::TagChange;

pub(super) const APIS: &[Api] = &[
    Api {
        service: "TAG",
        name: "TagResources",
        summary: "Adds tags to resources by ARN.",
        parameters: &["ResourceARN", "Tags"],
        kind: Kind::Sets,
        handler: |cloud, request| Box::pin(tag(cloud, request)),
    },
    Api {
        service: "TAG",
        name: "UntagResources",
        summary: "Removes tags by key from resources by ARN.",
        parameters: &["ResourceARN", "TagKey"],
        kind: Kind::Sets,
        handler: |cloud, request| Box::pin(untag(cloud, request)),
    },
    Api {
        service: "TAG",
        name: "ListTagResources",
        summary: "Lists resources with their tags; an ARN may end in `/*`.",
        parameters: &["ResourceARN", "Tags"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(list(cloud, request)),
    },
    Api {
        service: "TAG",
        name: "ListTagKeys",
        summary: "Lists the tag keys in use.",
        parameters: &[],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(list_keys(cloud, request)),
    },
    Api {
        service: "TAG",
        name: "ListTagValues",
        summary: "Lists the values in use of a tag key.",
        parameters: &["Key"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(list_values(cloud, request)),
    },
];

/// What an ARN names: one resource, or all of a kind.
struct Arn {
    kind: ResourceKind,
    id: String,
}

impl Arn {
    /// Reads an ARN, or an id alone: of a host, or one whose first letters tell the kind.
    fn from_text(text: &str, cloud: &LocalCloud) -> Result<Self, ApiError> {
        let invalid = |why: &str| fault::invalid("ResourceARN", &format!("`{text}` {why}"));
        if !text.starts_with("arn:") {
            let kind = match text.split('-').next() {
                _ if cloud.host(text).is_some() => ResourceKind::Instance,
                Some("i") => ResourceKind::Instance,
                Some("d") => ResourceKind::Disk,
                Some("m") => ResourceKind::Image,
                Some("s") => ResourceKind::Snapshot,
                _ => return Err(invalid("is neither an ARN nor an id of the local cloud")),
            };
            return Ok(Self {
                kind,
                id: text.to_owned(),
            });
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", "acs", service, _region, _account, resource] = parts[..] else {
            return Err(invalid("is not `arn:acs:SERVICE:REGION:ACCOUNT:TYPE/ID`"));
        };
        if !service.eq_ignore_ascii_case("ecs") {
            return Err(invalid(
                "belongs to a product that the local cloud does not serve",
            ));
        }
        let (word, id) = resource
            .split_once('/')
            .ok_or_else(|| invalid("does not end in `TYPE/ID`"))?;
        Ok(Self {
            kind: ResourceKind::from_text(word)?,
            id: id.to_owned(),
        })
    }

    fn matches(&self, resource: &Tagged) -> bool {
        self.kind == resource.kind && (self.id == "*" || self.id == resource.id)
    }
}

fn arns(cloud: &LocalCloud, request: &Request<'_>) -> Result<Vec<Arn>, ApiError> {
    let mut texts = request.required_list("ResourceARN")?;
    texts.sort();
    texts.dedup();
    texts
        .iter()
        .map(|text| Arn::from_text(text, cloud))
        .collect()
}

async fn tag(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let tags = request.tags("Tags")?;
    if tags.is_empty() {
        return Err(fault::missing("Tags").into());
    }
    let change = TagChange::Add(tags);
    let mut reply = Reply {
        answer: nothing_failed(),
        changes: Vec::new(),
    };
    for arn in arns(cloud, request)? {
        reply
            .changes
            .push(edit(cloud, request, arn.kind, &arn.id, &change).await?);
    }
    Ok(reply)
}

async fn untag(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let keys = request.required_list("TagKey")?;
    let change = TagChange::Remove(Some(keys));
    let mut reply = Reply {
        answer: nothing_failed(),
        changes: Vec::new(),
    };
    for arn in arns(cloud, request)? {
        reply
            .changes
            .push(edit(cloud, request, arn.kind, &arn.id, &change).await?);
    }
    Ok(reply)
}

/// All resources are changed in one write, so none ever fails alone.
fn nothing_failed() -> crate::base::value::Map {
    object(json!({"FailedResources": {"FailedResource": []}}))
}

async fn list(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let filter = request.tags("Tags")?;
    let wanted = match request.list("ResourceARN")? {
        None => None,
        Some(texts) => {
            let arns: Result<Vec<Arn>, ApiError> = texts
                .iter()
                .map(|text| Arn::from_text(text, cloud))
                .collect();
            Some(arns?)
        }
    };
    let mut entries = Vec::new();
    for resource in everything(cloud).await? {
        let is_wanted = match &wanted {
            None => !resource.tags.pairs().is_empty(),
            Some(arns) => arns.iter().any(|arn| arn.matches(&resource)),
        };
        if is_wanted && resource.tags.match_all(&filter) {
            entries.push(show(cloud, &resource));
        }
    }
    let page = Page::of(request, entries)?;
    let entries = json!(page.items);
    Ok(page.frame("TagResources", entries).into())
}

fn show(cloud: &LocalCloud, resource: &Tagged) -> Value {
    let tags: Vec<Value> = resource
        .tags
        .pairs()
        .into_iter()
        .map(|(key, value)| json!({"Category": "custom", "Key": key, "Value": value}))
        .collect();
    json!({
        "ResourceARN": format!(
            "arn:acs:ecs:{}:{}:{}/{}",
            cloud.region,
            cloud.account,
            resource.kind.word(),
            resource.id
        ),
        "Tags": tags,
    })
}

async fn everything(cloud: &LocalCloud) -> Result<Vec<Tagged>, CallFault> {
    let mut list = Vec::new();
    for kind in ResourceKind::ALL {
        list.extend(all(cloud, kind).await?);
    }
    Ok(list)
}

async fn list_keys(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let mut keys = Vec::new();
    for resource in everything(cloud).await? {
        keys.extend(resource.tags.pairs().into_iter().map(|(key, _)| key));
    }
    keys.sort();
    keys.dedup();
    let page = Page::of(request, keys)?;
    let entries = page
        .items
        .iter()
        .map(|key| json!({"Category": "custom", "Key": key}))
        .collect();
    Ok(page.answer("Keys", "Key", entries).into())
}

async fn list_values(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let wanted = request.required("Key")?;
    let mut values = Vec::new();
    for resource in everything(cloud).await? {
        let pairs = resource.tags.pairs().into_iter();
        values.extend(
            pairs
                .filter(|(key, _)| *key == wanted)
                .map(|(_, value)| value),
        );
    }
    values.sort();
    values.dedup();
    let page = Page::of(request, values)?;
    let entries = page.items.iter().map(|value| json!(value)).collect();
    Ok(page.answer("Values", "Value", entries).into())
}
