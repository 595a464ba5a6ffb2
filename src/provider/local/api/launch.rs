//! Making instances.

use serde_json::json;

use crate::base::call::{ApiError, CallFault};
use crate::base::value::Map;
use crate::provider::local::answer::object;
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::fault;
use crate::provider::local::image::{HOST_IMAGE, Image};
use crate::provider::local::instance::{ATTRIBUTES, Disk, Instance, Power};
use crate::provider::local::request::Request;
use crate::provider::local::state::Stored;
use crate::provider::local::tag::Tags;
use crate::provider::local::token::derive_id;

/// The most instances that one call makes, as at the vendor.
const MAX_AMOUNT: u64 = 100;

/// The size that describe records show when the launch names none, in GiB.
const DEFAULT_DISK_SIZE: u64 = 40;

/// The parameters that have an effect of their own.
const OWN: [&str; 16] = [
    "Amount",
    "MinAmount",
    "UniqueSuffix",
    "ImageId",
    "ImageFamily",
    "InstanceType",
    "InstanceName",
    "HostName",
    "Description",
    "Tags",
    "DeletionProtection",
    "SecurityGroupIds",
    "SystemDiskSize",
    "SystemDiskCategory",
    "SystemDiskDiskName",
    "SystemDiskDescription",
];

/// All parameters: a constant cannot be collected from two lists, only filled.
const PARAMETERS: &[&str] = &{
    let mut all = [""; OWN.len() + ATTRIBUTES.len()];
    let mut place = 0;
    while place < all.len() {
        all[place] = if place < OWN.len() {
            OWN[place]
        } else {
            ATTRIBUTES[place - OWN.len()]
        };
        place += 1;
    }
    all
};

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "RunInstances",
        summary: "Makes and starts instances; ImageId is `host` when not given.",
        parameters: PARAMETERS,
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(run_instances(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "CreateInstance",
        summary: "Makes an instance without starting it.",
        parameters: PARAMETERS,
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(create_instance(cloud, request)),
    },
];

async fn run_instances(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let amount = request.number("Amount")?.unwrap_or(1);
    if !(1..=MAX_AMOUNT).contains(&amount) {
        let why = format!("expected 1 to {MAX_AMOUNT}, found {amount}");
        return Err(fault::invalid("Amount", &why).into());
    }
    let amount = usize::try_from(amount).expect("at most a hundred");
    let launch = launch(cloud, request, amount, Power::Running).await?;
    let ids: Vec<&str> = launch.instances.iter().map(|i| i.id.as_str()).collect();
    let answer = json!({"InstanceIdSets": {"InstanceIdSet": ids}, "OrderId": "", "TradePrice": 0});
    Ok(launch.reply(object(answer)))
}

async fn create_instance(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let launch = launch(cloud, request, 1, Power::Stopped).await?;
    let answer = json!({"InstanceId": launch.instances[0].id, "OrderId": "", "TradePrice": 0});
    Ok(launch.reply(object(answer)))
}

/// What a launch made.
struct Launch {
    instances: Vec<Instance>,
    image: Stored<Image>,
}

impl Launch {
    fn reply(self, answer: Map) -> Reply {
        let mut changes: Vec<_> = self
            .instances
            .into_iter()
            .map(|instance| Stored::new(instance).put())
            .collect();
        // Writing the image as it is makes a DeleteImage at the same time a conflict for one of
        // the two, so that no instance stands on an image that is gone.
        if !self.image.value.is_host() {
            changes.push(self.image.put());
        }
        Reply { answer, changes }
    }
}

async fn launch(
    cloud: &LocalCloud,
    request: &Request<'_>,
    amount: usize,
    power: Power,
) -> Result<Launch, CallFault> {
    let image = image(cloud, request).await?;
    let token = request.token()?;
    let region = cloud.region_of(request)?;
    let mut instances = Vec::with_capacity(amount);
    for number in 0..amount {
        let id = derive_id("i-", &token, number);
        instances.push(describe(
            request,
            &image.value,
            id,
            (number, amount),
            &region,
            power,
        )?);
    }
    for (done, instance) in instances.iter().enumerate() {
        if let Err(fault) = make(cloud, instance).await {
            for made in &instances[..=done] {
                cloud.driver.delete(&made.id).await.map_err(fault::driver)?;
            }
            return Err(fault);
        }
    }
    Ok(Launch { instances, image })
}

async fn make(cloud: &LocalCloud, instance: &Instance) -> Result<(), CallFault> {
    let driver = &cloud.driver;
    driver
        .create(&instance.spec())
        .await
        .map_err(fault::driver)?;
    match instance.power {
        Power::Running => driver.start(&instance.id).await.map_err(fault::driver),
        Power::Stopped => Ok(()),
    }
}

/// Finds the image by id, or the newest of a family.
async fn image(cloud: &LocalCloud, request: &Request<'_>) -> Result<Stored<Image>, CallFault> {
    if let Some(id) = request.text("ImageId")? {
        return cloud.image(&id).await;
    }
    let Some(family) = request.text("ImageFamily")? else {
        return cloud.image(HOST_IMAGE).await;
    };
    let images = cloud.state.all::<Image>().await?;
    images
        .into_iter()
        .rfind(|image| image.value.family == family)
        .ok_or_else(|| {
            ApiError::new(
                "InvalidImageFamily.NotFound",
                format!("no image belongs to the family `{family}`"),
            )
            .into()
        })
}

fn describe(
    request: &Request<'_>,
    image: &Image,
    id: String,
    (number, amount): (usize, usize),
    region: &str,
    power: Power,
) -> Result<Instance, ApiError> {
    let suffix = if amount > 1 && request.flag("UniqueSuffix")? {
        format!("{:03}", number + 1)
    } else {
        String::new()
    };
    let named = |name: &str| -> Result<Option<String>, ApiError> {
        Ok(request.text(name)?.map(|text| format!("{text}{suffix}")))
    };
    let name = named("InstanceName")?.unwrap_or_else(|| id.clone());
    let hostname = match named("HostName")? {
        Some(hostname) => check_hostname(hostname)?,
        None => id.clone(),
    };
    let mut attributes = Map::new();
    for attribute in ATTRIBUTES {
        if let Some(text) = request.text(attribute)? {
            attributes.insert((*attribute).to_owned(), json!(text));
        }
    }
    let disk = Disk {
        id: format!("d-{}", id.trim_start_matches("i-")),
        name: request.text("SystemDiskDiskName")?.unwrap_or_default(),
        description: request.text("SystemDiskDescription")?.unwrap_or_default(),
        size: request
            .number("SystemDiskSize")?
            .unwrap_or(DEFAULT_DISK_SIZE),
        category: request
            .text("SystemDiskCategory")?
            .unwrap_or_else(|| "local".to_owned()),
        created: request.now(),
        tags: Tags::default(),
    };
    Ok(Instance {
        name,
        hostname,
        description: request.text("Description")?.unwrap_or_default(),
        region: region.to_owned(),
        image: image.id.clone(),
        base: image.base,
        layers: image.layers.clone(),
        flavor: request
            .text("InstanceType")?
            .unwrap_or_else(|| "local".to_owned()),
        power,
        created: request.now(),
        started: (power == Power::Running).then(|| request.now()),
        deletion_protection: request.flag("DeletionProtection")?,
        security_groups: request.list("SecurityGroupIds")?.unwrap_or_default(),
        attributes,
        disk,
        tags: Tags::from_pairs(request.tags("Tags")?)?,
        id,
    })
}

/// Accepts what the kernel and resolvers accept as a host name.
pub(super) fn check_hostname(name: String) -> Result<String, ApiError> {
    let valid = (1..=64).contains(&name.len())
        && name.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
    if valid {
        Ok(name)
    } else {
        Err(ApiError::new(
            "InvalidHostName.Malformed",
            format!("`{name}` is not a host name: expected letters, digits, hyphens and dots"),
        ))
    }
}
