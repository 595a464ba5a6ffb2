//! Images: made from instances and snapshots, listed, copied, deleted.

use serde_json::json;

use crate::base::call::{ApiError, CallFault};
use crate::base::value::Map;
use crate::provider::local::answer::{Page, name_fits, object};
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::image::Image;
use crate::provider::local::instance::Instance;
use crate::provider::local::request::Request;
use crate::provider::local::snapshot::Snapshot;
use crate::provider::local::state::Stored;
use crate::provider::local::tag::Tags;
use crate::provider::local::token::derive_id;
use crate::provider::local::{fault, garbage};

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "CreateImage",
        summary: "Makes an image of an instance or a snapshot; it is Available at once.",
        parameters: &[
            "InstanceId",
            "SnapshotId",
            "ImageName",
            "ImageFamily",
            "Description",
            "Tags",
            "ResourceGroupId",
            "DetectionStrategy",
        ],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(create(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "DescribeImages",
        summary: "Lists images, the built-in `host` first; names may hold `*`.",
        parameters: &[
            "ImageId",
            "ImageName",
            "ImageFamily",
            "ImageOwnerAlias",
            "SnapshotId",
            "Status",
            "Tags",
            "Usage",
            "ResourceGroupId",
            "OSType",
            "Architecture",
        ],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "CopyImage",
        summary: "Makes a second image of the same layers.",
        parameters: &[
            "ImageId",
            "DestinationImageName",
            "DestinationDescription",
            "DestinationRegionId",
            "Tags",
            "ResourceGroupId",
        ],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(copy(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "DeleteImage",
        summary: "Deletes an image that no instance uses; with Force, any but `host`.",
        parameters: &["ImageId", "Force"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(delete(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "ModifyImageAttribute",
        summary: "Changes name, description and family of an image.",
        parameters: &["ImageId", "ImageName", "Description", "ImageFamily"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(modify(cloud, request)),
    },
];

async fn create(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let id = derive_id("m-", &request.token()?, 0);
    let name = match request.text("ImageName")? {
        Some(name) => check_image_name(cloud, name, &id).await?,
        None => id.clone(),
    };
    let mut image = Image {
        id: id.clone(),
        name,
        family: request.text("ImageFamily")?.unwrap_or_default(),
        description: request.text("Description")?.unwrap_or_default(),
        resource_group: request.text("ResourceGroupId")?.unwrap_or_default(),
        created: request.now(),
        tags: Tags::from_pairs(request.tags("Tags")?)?,
        ..Image::host()
    };
    if let Some(snapshot) = request.text("SnapshotId")? {
        let stored = cloud.state.get::<Snapshot>(&snapshot).await?;
        let source = stored.ok_or_else(|| fault::no_snapshot(&snapshot))?.value;
        image.base = source.base;
        image.layers = source.stack();
        image.source_snapshot = Some(snapshot);
    } else {
        let instance = cloud
            .instance(request, &request.required("InstanceId")?)
            .await?
            .value;
        let layer = cloud
            .driver
            .commit(&instance.id)
            .await
            .map_err(fault::driver)?;
        image.base = instance.base;
        image.layers = instance.layers;
        image.layers.push(layer);
        image.source_instance = Some(instance.id);
    }
    let changes = vec![Stored::new(image).put()];
    Ok(Reply {
        answer: object(json!({ "ImageId": id })),
        changes,
    })
}

/// Refuses a name that is malformed or belongs to another image than `own`.
pub(in crate::provider::local) async fn check_image_name(
    cloud: &LocalCloud,
    name: String,
    own: &str,
) -> Result<String, CallFault> {
    let length = name.chars().count();
    if !(2..=128).contains(&length) || name.chars().any(char::is_control) {
        return Err(ApiError::new(
            "InvalidImageName.Malformed",
            format!("the image name `{name}` must have 2 to 128 characters"),
        )
        .into());
    }
    let images = cloud.state.all::<Image>().await?;
    let is_taken = Image::host().name == name
        || images
            .iter()
            .any(|image| image.value.name == name && image.value.id != own);
    if is_taken {
        return Err(ApiError::new(
            "InvalidImageName.Duplicated",
            format!("there is an image named `{name}` already"),
        )
        .into());
    }
    Ok(name)
}

async fn describe(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let ids = request.list("ImageId")?;
    let name = request.text("ImageName")?;
    let family = request.text("ImageFamily")?;
    let owner = request.text("ImageOwnerAlias")?;
    let snapshot = request.text("SnapshotId")?;
    let group = request.text("ResourceGroupId")?;
    let tags = request.tags("Tags")?;
    // Images are made within one call, so `Available` is the only status there is.
    let statuses = request.list("Status")?;
    if statuses.is_some_and(|list| !list.iter().any(|s| s.eq_ignore_ascii_case("Available"))) {
        return Ok(Page::<Image>::of(request, Vec::new())?
            .answer("Images", "Image", Vec::new())
            .into());
    }
    let stored = cloud.state.all::<Image>().await?;
    let images = std::iter::once(Image::host()).chain(stored.into_iter().map(|s| s.value));
    let wanted = |image: &Image| {
        ids.as_ref().is_none_or(|ids| ids.contains(&image.id))
            && name
                .as_ref()
                .is_none_or(|pattern| name_fits(pattern, &image.name))
            && family.as_ref().is_none_or(|family| *family == image.family)
            && owner.as_ref().is_none_or(|owner| owner == image.owner())
            && snapshot
                .as_ref()
                .is_none_or(|id| image.source_snapshot.as_ref() == Some(id))
            && group
                .as_ref()
                .is_none_or(|group| *group == image.resource_group)
            && image.tags.match_all(&tags)
    };
    let page = Page::of(request, images.filter(wanted).collect())?;
    let instances = cloud.state.all::<Instance>().await?;
    let is_used = |image: &Image| instances.iter().any(|i| i.value.image == image.id);
    let entries = page
        .items
        .iter()
        .map(|image| image.describe(is_used(image)))
        .collect();
    Ok(page.answer("Images", "Image", entries).into())
}

async fn copy(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let source = cloud.image(&request.required("ImageId")?).await?;
    let id = derive_id("m-", &request.token()?, 0);
    let name = match request.text("DestinationImageName")? {
        Some(name) => check_image_name(cloud, name, &id).await?,
        None => id.clone(),
    };
    let description = request.text("DestinationDescription")?;
    let copy = Image {
        id: id.clone(),
        name,
        family: String::new(),
        description: description.unwrap_or_else(|| source.value.description.clone()),
        resource_group: request.text("ResourceGroupId")?.unwrap_or_default(),
        created: request.now(),
        tags: Tags::from_pairs(request.tags("Tags")?)?,
        ..source.value.clone()
    };
    let mut changes = vec![Stored::new(copy).put()];
    // The layers must still be there when the copy is written.
    if !source.value.is_host() {
        changes.push(source.put());
    }
    Ok(Reply {
        answer: object(json!({ "ImageId": id })),
        changes,
    })
}

async fn delete(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let id = request.required("ImageId")?;
    let stored = cloud.image(&id).await?;
    if stored.value.is_host() {
        return Err(ApiError::new(
            "InvalidImageId.NotSupported",
            format!("`{id}` is built in and cannot be deleted"),
        )
        .into());
    }
    if !request.flag("Force")? {
        let instances = cloud.state.all::<Instance>().await?;
        if let Some(user) = instances.iter().find(|instance| instance.value.image == id) {
            return Err(ApiError::new(
                "ImageInUse",
                format!(
                    "image `{id}` is used by instance `{}`; delete the instance or give Force",
                    user.value.id
                ),
            )
            .into());
        }
    }
    let mut changes = vec![stored.delete()];
    changes.extend(garbage::note(&id, stored.value.layers.clone()));
    Ok(Reply {
        answer: Map::new(),
        changes,
    })
}

async fn modify(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let id = request.required("ImageId")?;
    let mut stored = cloud.image(&id).await?;
    if stored.value.is_host() {
        return Err(ApiError::new(
            "InvalidImageId.NotSupported",
            format!("`{id}` is built in and cannot be changed"),
        )
        .into());
    }
    if let Some(name) = request.text("ImageName")? {
        stored.value.name = check_image_name(cloud, name, &id).await?;
    }
    if let Some(description) = request.text("Description")? {
        stored.value.description = description;
    }
    if let Some(family) = request.text("ImageFamily")? {
        stored.value.family = family;
    }
    Ok(Reply {
        answer: Map::new(),
        changes: vec![stored.put()],
    })
}
