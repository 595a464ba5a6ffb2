//! Disks: each instance has one, what it writes over its image.

use serde_json::json;

use crate::base::call::{ApiError, CallFault};
use crate::base::value::Map;
use crate::provider::local::answer::{Page, name_fits, object};
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::driver::Layer;
use crate::provider::local::instance::{Instance, Power};
use crate::provider::local::request::Request;
use crate::provider::local::snapshot::Snapshot;
use crate::provider::local::state::Stored;
use crate::provider::local::token::derive_id;
use crate::provider::local::{fault, garbage};

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "DescribeDisks",
        summary: "Lists the system disks of instances.",
        parameters: &[
            "DiskIds",
            "InstanceId",
            "DiskType",
            "DiskName",
            "Status",
            "Category",
            "Tags",
            "AutoSnapshotPolicyId",
        ],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "ModifyDiskAttribute",
        summary: "Changes name and description of a disk.",
        parameters: &["DiskId", "DiskName", "Description", "DeleteWithInstance"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(modify(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "ResetDisk",
        summary: "Takes the disk of a stopped instance back to a snapshot of it.",
        parameters: &["DiskId", "SnapshotId"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(reset(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "ReInitDisk",
        summary: "Takes the disk of a stopped instance back to its image.",
        parameters: &["DiskId", "AutoStartInstance"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(reinit(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "ReplaceSystemDisk",
        summary: "Makes a stopped instance anew from another image; its id stays.",
        parameters: &["InstanceId", "ImageId", "SystemDiskSize"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(replace(cloud, request)),
    },
];

/// Returns the instance that a disk belongs to.
pub(super) async fn find_disk(
    cloud: &LocalCloud,
    disk: &str,
) -> Result<Stored<Instance>, CallFault> {
    let instances = cloud.state.all::<Instance>().await?;
    instances
        .into_iter()
        .find(|instance| instance.value.disk.id == disk)
        .ok_or_else(|| fault::no_disk(disk).into())
}

async fn describe(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let ids = request.list("DiskIds")?;
    let name = request.text("DiskName")?;
    let kind = request
        .text("DiskType")?
        .unwrap_or_else(|| "all".to_owned());
    let status = request.text("Status")?.unwrap_or_else(|| "All".to_owned());
    let category = request
        .text("Category")?
        .unwrap_or_else(|| "all".to_owned());
    let tags = request.tags("Tags")?;
    let has_policy = request.text("AutoSnapshotPolicyId")?.is_some();
    let wanted = |instance: &Instance| {
        let disk = &instance.disk;
        !has_policy
            && ids.as_ref().is_none_or(|ids| ids.contains(&disk.id))
            && name
                .as_ref()
                .is_none_or(|pattern| name_fits(pattern, &disk.name))
            && ["all", "system"].contains(&kind.as_str())
            && ["All", "In_use"].contains(&status.as_str())
            && (category == "all" || category == disk.category)
            && disk.tags.match_all(&tags)
    };
    let stored = cloud
        .select::<Instance>(request.list("InstanceId")?)
        .await?;
    let list = stored.into_iter().map(|s| s.value).filter(wanted).collect();
    let page = Page::of(request, list)?;
    let entries = page.items.iter().map(Instance::describe_disk).collect();
    Ok(page.answer("Disks", "Disk", entries).into())
}

async fn modify(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let mut stored = find_disk(cloud, &request.required("DiskId")?).await?;
    if request.boolean("DeleteWithInstance")? == Some(false) {
        let why = "a system disk of the local cloud always ends with its instance";
        return Err(fault::invalid("DeleteWithInstance", why).into());
    }
    if let Some(name) = request.text("DiskName")? {
        stored.value.disk.name = name;
    }
    if let Some(description) = request.text("Description")? {
        stored.value.disk.description = description;
    }
    Ok(Reply {
        answer: Map::new(),
        changes: vec![stored.put()],
    })
}

async fn reset(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let stored = find_disk(cloud, &request.required("DiskId")?).await?;
    let id = request.required("SnapshotId")?;
    let snapshot = cloud.state.get::<Snapshot>(&id).await?;
    let snapshot = snapshot.ok_or_else(|| fault::no_snapshot(&id))?.value;
    let instance = &stored.value;
    if snapshot.disk != instance.disk.id {
        return Err(ApiError::new(
            "InvalidParameter.Conflict",
            format!(
                "snapshot `{id}` was not made of disk `{}`",
                instance.disk.id
            ),
        )
        .into());
    }
    if snapshot.image_layers != instance.layers || snapshot.base != instance.base {
        return Err(ApiError::new(
            "InvalidParameter.Conflict",
            format!(
                "snapshot `{id}` stands on another image than `{}` has now",
                instance.id
            ),
        )
        .into());
    }
    restore(cloud, instance, &[snapshot.layer]).await?;
    Ok(Reply {
        answer: Map::new(),
        changes: vec![stored.put()],
    })
}

async fn reinit(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let mut stored = find_disk(cloud, &request.required("DiskId")?).await?;
    restore(cloud, &stored.value, &[]).await?;
    // The vendor starts the instance afterwards unless told otherwise.
    if request.boolean("AutoStartInstance")?.unwrap_or(true) {
        cloud
            .driver
            .start(&stored.value.id)
            .await
            .map_err(fault::driver)?;
        stored.value.power = Power::Running;
        stored.value.started = Some(request.now());
    }
    Ok(Reply {
        answer: Map::new(),
        changes: vec![stored.put()],
    })
}

async fn restore(
    cloud: &LocalCloud,
    instance: &Instance,
    layers: &[Layer],
) -> Result<(), CallFault> {
    must_be_stopped(cloud, instance).await?;
    cloud
        .driver
        .restore(&instance.id, layers)
        .await
        .map_err(fault::driver)
}

async fn must_be_stopped(cloud: &LocalCloud, instance: &Instance) -> Result<(), CallFault> {
    match cloud.power(instance).await? {
        Power::Stopped => Ok(()),
        Power::Running => Err(fault::wrong_status(&instance.id, "Running", "Stopped").into()),
    }
}

async fn replace(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let mut stored = cloud
        .instance(request, &request.required("InstanceId")?)
        .await?;
    let image = cloud.image(&request.required("ImageId")?).await?;
    must_be_stopped(cloud, &stored.value).await?;
    let disk_id = derive_id("d-", &request.token()?, 0);
    let instance = &mut stored.value;
    let released = std::mem::replace(&mut instance.layers, image.value.layers.clone());
    instance.base = image.value.base;
    instance.image.clone_from(&image.value.id);
    instance.disk.id.clone_from(&disk_id);
    instance.disk.created = request.now();
    if let Some(size) = request.number("SystemDiskSize")? {
        instance.disk.size = size;
    }
    cloud
        .driver
        .delete(&instance.id)
        .await
        .map_err(fault::driver)?;
    cloud
        .driver
        .create(&instance.spec())
        .await
        .map_err(fault::driver)?;
    let mut changes = vec![stored.put()];
    changes.extend(garbage::note(&disk_id, released));
    if !image.value.is_host() {
        changes.push(image.put());
    }
    Ok(Reply {
        answer: object(json!({ "DiskId": disk_id })),
        changes,
    })
}
