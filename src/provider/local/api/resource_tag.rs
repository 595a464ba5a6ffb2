//! Tags of ECS resources, by type and id.

use serde_json::{Value, json};

use crate::base::call::{ApiError, CallFault};
use crate::base::records::RecordChange;
use crate::base::value::Map;
use crate::provider::local::answer::Page;
use crate::provider::local::api::disk::find_disk;
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::fault;
use crate::provider::local::host_tag;
use crate::provider::local::image::Image;
use crate::provider::local::instance::Instance;
use crate::provider::local::request::Request;
use crate::provider::local::snapshot::Snapshot;
use crate::provider::local::tag::{TagChange, TagFilter, Tags};

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "TagResources",
        summary: "Adds tags to instances, hosts, disks, images or snapshots.",
        parameters: &["ResourceType", "ResourceIds", "Tags"],
        kind: Kind::Sets,
        handler: |cloud, request| Box::pin(tag(cloud, request, "ResourceIds")),
    },
    Api {
        service: "ECS",
        name: "AddTags",
        summary: "Adds tags to one resource.",
        parameters: &["ResourceType", "ResourceId", "Tags"],
        kind: Kind::Sets,
        handler: |cloud, request| Box::pin(tag(cloud, request, "ResourceId")),
    },
    Api {
        service: "ECS",
        name: "UntagResources",
        summary: "Removes tags by key; All removes every tag. What an inventory gives to a host stays.",
        parameters: &["ResourceType", "ResourceIds", "TagKeys", "All"],
        kind: Kind::Sets,
        handler: |cloud, request| Box::pin(untag(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "ListTagResources",
        summary: "Lists the tags of resources, one entry a tag.",
        parameters: &["ResourceType", "ResourceIds", "Tags"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(list(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "DescribeTags",
        summary: "Lists the keys and values in use.",
        parameters: &["ResourceType", "ResourceId", "Tags"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe(cloud, request)),
    },
];

/// What can carry tags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ResourceKind {
    Instance,
    Disk,
    Image,
    Snapshot,
}

impl ResourceKind {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Instance, Self::Disk, Self::Image, Self::Snapshot];

    /// Returns the word that ids of resources carry in ARNs.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Disk => "disk",
            Self::Image => "image",
            Self::Snapshot => "snapshot",
        }
    }

    /// Reads a resource type, ignoring case; `ALIYUN::ECS::` may stand before it.
    pub(super) fn from_text(text: &str) -> Result<Self, ApiError> {
        let word = text.rsplit("::").next().unwrap_or(text);
        Self::ALL
            .into_iter()
            .find(|kind| kind.word().eq_ignore_ascii_case(word))
            .ok_or_else(|| {
                ApiError::new(
                    "InvalidResourceType.NotFound",
                    format!(
                        "resources of type `{text}` cannot be tagged here; expected instance, \
                         disk, image or snapshot"
                    ),
                )
            })
    }
}

/// A resource and its tags.
#[derive(Debug)]
pub(super) struct Tagged {
    /// What it is.
    pub(super) kind: ResourceKind,
    /// Its id.
    pub(super) id: String,
    /// Its tags.
    pub(super) tags: Tags,
}

/// Returns every resource of a kind.
pub(super) async fn all(cloud: &LocalCloud, kind: ResourceKind) -> Result<Vec<Tagged>, CallFault> {
    let entry = |id: String, tags: Tags| Tagged { kind, id, tags };
    Ok(match kind {
        ResourceKind::Instance => {
            let list = cloud.state.all::<Instance>().await?.into_iter();
            let instances = list.map(|s| entry(s.value.id, s.value.tags));
            let inventory = cloud.tagged_inventory()?;
            let hosts = inventory.hosts().filter(|host| !host.tags.is_empty());
            let hosts = hosts.map(|host| entry(host.name.clone(), Tags::of(&host.tags)));
            instances.chain(hosts).collect()
        }
        ResourceKind::Disk => {
            let list = cloud.state.all::<Instance>().await?;
            list.into_iter()
                .map(|s| entry(s.value.disk.id, s.value.disk.tags))
                .collect()
        }
        ResourceKind::Image => {
            let list = cloud.state.all::<Image>().await?;
            list.into_iter()
                .map(|s| entry(s.value.id, s.value.tags))
                .collect()
        }
        ResourceKind::Snapshot => {
            let list = cloud.state.all::<Snapshot>().await?;
            list.into_iter()
                .map(|s| entry(s.value.id, s.value.tags))
                .collect()
        }
    })
}

/// Returns the change that gives a resource other tags.
pub(super) async fn edit(
    cloud: &LocalCloud,
    request: &Request<'_>,
    kind: ResourceKind,
    id: &str,
    change: &TagChange,
) -> Result<RecordChange, CallFault> {
    match kind {
        ResourceKind::Instance => {
            if let Some(host) = cloud.host(id) {
                return host_tag::change(&cloud.state, host, change);
            }
            let mut stored = cloud.instance(request, id).await?;
            change.apply(&mut stored.value.tags)?;
            Ok(stored.put())
        }
        ResourceKind::Disk => {
            let mut stored = find_disk(cloud, id).await?;
            change.apply(&mut stored.value.disk.tags)?;
            Ok(stored.put())
        }
        ResourceKind::Image => {
            let mut stored = cloud.image(id).await?;
            if stored.value.is_host() {
                let why = format!("`{id}` is built in and cannot be tagged");
                return Err(ApiError::new("InvalidImageId.NotSupported", why).into());
            }
            change.apply(&mut stored.value.tags)?;
            Ok(stored.put())
        }
        ResourceKind::Snapshot => {
            let stored = cloud.state.get::<Snapshot>(id).await?;
            let mut stored = stored.ok_or_else(|| fault::no_snapshot(id))?;
            change.apply(&mut stored.value.tags)?;
            Ok(stored.put())
        }
    }
}

async fn tag(
    cloud: &LocalCloud,
    request: &Request<'_>,
    parameter: &str,
) -> Result<Reply, CallFault> {
    let kind = ResourceKind::from_text(&request.required("ResourceType")?)?;
    let tags = request.tags("Tags")?;
    if tags.is_empty() {
        return Err(fault::missing("Tags").into());
    }
    let ids = request.required_list(parameter)?;
    change(cloud, request, kind, ids, &TagChange::Add(tags)).await
}

async fn untag(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let kind = ResourceKind::from_text(&request.required("ResourceType")?)?;
    let keys = if request.flag("All")? {
        None
    } else {
        Some(request.required_list("TagKeys")?)
    };
    let ids = request.required_list("ResourceIds")?;
    change(cloud, request, kind, ids, &TagChange::Remove(keys)).await
}

async fn change(
    cloud: &LocalCloud,
    request: &Request<'_>,
    kind: ResourceKind,
    mut ids: Vec<String>,
    wanted: &TagChange,
) -> Result<Reply, CallFault> {
    // Twice the same id would write the same revision twice.
    ids.sort();
    ids.dedup();
    let mut changes = Vec::with_capacity(ids.len());
    for id in &ids {
        changes.push(edit(cloud, request, kind, id, wanted).await?);
    }
    Ok(Reply {
        answer: Map::new(),
        changes,
    })
}

async fn list(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let kind = ResourceKind::from_text(&request.required("ResourceType")?)?;
    let ids = request.list("ResourceIds")?;
    let filter = request.tags("Tags")?;
    let mut entries = Vec::new();
    for resource in selected(all(cloud, kind).await?, ids.as_deref(), &filter) {
        for (key, value) in resource.tags.pairs() {
            entries.push(json!({
                "ResourceId": resource.id,
                "ResourceType": kind.word(),
                "TagKey": key,
                "TagValue": value,
            }));
        }
    }
    let page = Page::of(request, entries)?;
    let entries = page.items.clone();
    Ok(page.answer("TagResources", "TagResource", entries).into())
}

/// Returns the resources with the given ids (all without) that carry all tags of `filter`.
fn selected(list: Vec<Tagged>, ids: Option<&[String]>, filter: &[TagFilter]) -> Vec<Tagged> {
    list.into_iter()
        .filter(|resource| ids.is_none_or(|ids| ids.contains(&resource.id)))
        .filter(|resource| resource.tags.match_all(filter))
        .collect()
}

async fn describe(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let kinds = match request.text("ResourceType")? {
        Some(text) => vec![ResourceKind::from_text(&text)?],
        None => ResourceKind::ALL.to_vec(),
    };
    let ids = request.list("ResourceId")?;
    let filter = request.tags("Tags")?;
    let mut seen: Vec<Value> = Vec::new();
    for kind in kinds {
        for resource in selected(all(cloud, kind).await?, ids.as_deref(), &filter) {
            for (key, value) in resource.tags.pairs() {
                let entry = json!({"TagKey": key, "TagValue": value});
                if !seen.contains(&entry) {
                    seen.push(entry);
                }
            }
        }
    }
    let page = Page::of(request, seen)?;
    let entries = page.items.clone();
    Ok(page.answer("Tags", "Tag", entries).into())
}
