//! Snapshots of system disks.

use serde_json::json;

use crate::base::call::{ApiError, CallFault};
use crate::base::value::Map;
use crate::provider::local::answer::{Page, name_fits, object};
use crate::provider::local::api::disk::find_disk;
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::image::Image;
use crate::provider::local::request::Request;
use crate::provider::local::snapshot::Snapshot;
use crate::provider::local::state::Stored;
use crate::provider::local::tag::Tags;
use crate::provider::local::token::derive_id;
use crate::provider::local::{fault, garbage};

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "CreateSnapshot",
        summary: "Keeps what an instance has written so far; accomplished at once.",
        parameters: &[
            "DiskId",
            "SnapshotName",
            "Description",
            "RetentionDays",
            "Tags",
        ],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(create(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "DescribeSnapshots",
        summary: "Lists snapshots; names may hold `*`.",
        parameters: &[
            "SnapshotIds",
            "DiskId",
            "InstanceId",
            "SnapshotName",
            "Status",
            "Tags",
            "Filter1Key",
            "Filter1Value",
            "Filter2Key",
            "Filter2Value",
        ],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "DeleteSnapshot",
        summary: "Deletes a snapshot that no image was made from; with Force, any.",
        parameters: &["SnapshotId", "Force"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(delete(cloud, request)),
    },
];

async fn create(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let instance = find_disk(cloud, &request.required("DiskId")?).await?.value;
    let layer = cloud
        .driver
        .commit(&instance.id)
        .await
        .map_err(fault::driver)?;
    let id = derive_id("s-", &request.token()?, 0);
    let snapshot = Snapshot {
        id: id.clone(),
        name: request.text("SnapshotName")?.unwrap_or_default(),
        description: request.text("Description")?.unwrap_or_default(),
        disk: instance.disk.id,
        disk_size: instance.disk.size,
        instance: instance.id,
        base: instance.base,
        image_layers: instance.layers,
        layer,
        retention_days: request.number("RetentionDays")?,
        created: request.now(),
        tags: Tags::from_pairs(request.tags("Tags")?)?,
    };
    let changes = vec![Stored::new(snapshot).put()];
    Ok(Reply {
        answer: object(json!({ "SnapshotId": id })),
        changes,
    })
}

async fn describe(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let disk = request.text("DiskId")?;
    let instance = request.text("InstanceId")?;
    let name = request.text("SnapshotName")?;
    let status = request.list("Status")?;
    let tags = request.tags("Tags")?;
    let (from, until) = creation_window(request)?;
    let wanted = |snapshot: &Snapshot| {
        let created = crate::base::time::utc_text(snapshot.created);
        disk.as_ref().is_none_or(|id| *id == snapshot.disk)
            && instance.as_ref().is_none_or(|id| *id == snapshot.instance)
            && name
                .as_ref()
                .is_none_or(|pattern| name_fits(pattern, &snapshot.name))
            && status.as_ref().is_none_or(|list| {
                list.iter()
                    .any(|s| ["accomplished", "all"].contains(&s.as_str()))
            })
            && from.as_ref().is_none_or(|from| *from <= created)
            && until.as_ref().is_none_or(|until| created <= *until)
            && snapshot.tags.match_all(&tags)
    };
    let stored = cloud
        .select::<Snapshot>(request.list("SnapshotIds")?)
        .await?;
    let list = stored.into_iter().map(|s| s.value).filter(wanted).collect();
    let page = Page::of(request, list)?;
    let images = cloud.state.all::<Image>().await?;
    let is_used = |snapshot: &Snapshot| {
        images
            .iter()
            .any(|image| image.value.source_snapshot.as_ref() == Some(&snapshot.id))
    };
    let entries = page.items.iter().map(|s| s.describe(is_used(s))).collect();
    Ok(page.answer("Snapshots", "Snapshot", entries).into())
}

/// Reads the filters `CreationStartTime` and `CreationEndTime`; UTC texts compare like times.
fn creation_window(request: &Request<'_>) -> Result<(Option<String>, Option<String>), ApiError> {
    let (mut from, mut until) = (None, None);
    for number in 1..=2 {
        let key = request.text(&format!("Filter{number}Key"))?;
        let text = request.text(&format!("Filter{number}Value"))?;
        match key.as_deref() {
            Some("CreationStartTime") => from = text,
            Some("CreationEndTime") => until = text,
            Some(other) => {
                let why = format!("expected CreationStartTime or CreationEndTime, found `{other}`");
                return Err(fault::invalid(&format!("Filter{number}Key"), &why));
            }
            None => {}
        }
    }
    Ok((from, until))
}

async fn delete(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let id = request.required("SnapshotId")?;
    let stored = cloud.state.get::<Snapshot>(&id).await?;
    let stored = stored.ok_or_else(|| fault::no_snapshot(&id))?;
    if !request.flag("Force")? {
        let images = cloud.state.all::<Image>().await?;
        let user = images
            .iter()
            .find(|i| i.value.source_snapshot.as_deref() == Some(&id));
        if let Some(image) = user {
            return Err(ApiError::new(
                "SnapshotCreatedImage",
                format!(
                    "image `{}` was made from snapshot `{id}`; delete the image or give Force",
                    image.value.id
                ),
            )
            .into());
        }
    }
    let mut changes = vec![stored.delete()];
    changes.extend(garbage::note(&id, stored.value.stack()));
    Ok(Reply {
        answer: Map::new(),
        changes,
    })
}
