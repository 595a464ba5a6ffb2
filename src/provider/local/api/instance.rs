//! Looking at instances.

use serde_json::json;

use crate::base::call::{ApiError, CallFault};
use crate::base::value::{self, Map, Value};
use crate::provider::local::answer::{Page, minute, name_fits};
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::instance::{Instance, Power};
use crate::provider::local::request::Request;
use crate::provider::local::tag::TagFilter;

const FILTERS: &[&str] = &[
    "InstanceIds",
    "InstanceName",
    "Status",
    "Tags",
    "ImageId",
    "InstanceType",
    "ZoneId",
    "ResourceGroupId",
    "VpcId",
    "VSwitchId",
    "SecurityGroupId",
    "InstanceChargeType",
    "KeyPairName",
    "InstanceNetworkType",
];

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "DescribeInstances",
        summary: "Lists instances; ids in the order given, names may hold `*`.",
        parameters: FILTERS,
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe_instances(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "DescribeManagedInstances",
        summary: "Lists instances that the cloud assistant reaches: all of them.",
        parameters: &["InstanceIds", "InstanceName", "Tags"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe_managed(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "DescribeInstanceStatus",
        summary: "Lists the status of instances.",
        parameters: &["InstanceIds", "ZoneId"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe_status(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "DescribeInstancesFullStatus",
        summary: "Lists the status and health of instances.",
        parameters: &["InstanceIds", "Status"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe_full_status(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "DescribeInstanceAttribute",
        summary: "Shows one instance.",
        parameters: &["InstanceId"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe_attribute(cloud, request)),
    },
];

async fn describe_instances(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let page = Page::of(request, select(cloud, request).await?)?;
    let entries = page
        .items
        .iter()
        .map(|(i, power)| i.describe(*power))
        .collect();
    Ok(page.answer("Instances", "Instance", entries).into())
}

async fn describe_managed(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let page = Page::of(request, select(cloud, request).await?)?;
    let entry = |(instance, power): &(Instance, Power)| {
        json!({
            "InstanceId": instance.id,
            "InstanceName": instance.name,
            "Hostname": instance.hostname,
            "OsType": "linux",
            "Connected": *power == Power::Running,
            "Tags": instance.tags.answer(),
        })
    };
    let entries = page.items.iter().map(entry).collect();
    Ok(page.answer("Instances", "Instance", entries).into())
}

async fn describe_status(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let page = Page::of(request, select(cloud, request).await?)?;
    let entry = |(instance, power): &(Instance, Power)| json!({"InstanceId": instance.id, "Status": power.status()});
    let entries = page.items.iter().map(entry).collect();
    Ok(page
        .answer("InstanceStatuses", "InstanceStatus", entries)
        .into())
}

async fn describe_full_status(
    cloud: &LocalCloud,
    request: &Request<'_>,
) -> Result<Reply, CallFault> {
    let page = Page::of(request, select(cloud, request).await?)?;
    let entry = |(instance, power): &(Instance, Power)| {
        let code = i32::from(*power == Power::Running);
        json!({
            "InstanceId": instance.id,
            "Status": {"Name": power.status(), "Code": code},
            "HealthStatus": {"Name": "Ok", "Code": 0},
            "ScheduledSystemEventSet": {"ScheduledSystemEventType": []},
        })
    };
    let entries = page.items.iter().map(entry).collect();
    Ok(page
        .answer("InstanceFullStatusSet", "InstanceFullStatusType", entries)
        .into())
}

async fn describe_attribute(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let instance = cloud
        .instance(&request.required("InstanceId")?)
        .await?
        .value;
    let power = cloud.power(&instance).await?;
    match instance.describe(power) {
        Value::Object(mut record) => {
            record.insert("CreationTime".to_owned(), json!(minute(instance.created)));
            Ok(record.into())
        }
        _ => Ok(Map::new().into()),
    }
}

/// What a call asks for, read before any instance is looked at.
struct Filter {
    names: Option<String>,
    status: Option<String>,
    tags: Vec<TagFilter>,
    fields: Vec<(&'static str, String)>,
    security_group: Option<String>,
}

impl Filter {
    fn of(request: &Request<'_>) -> Result<Self, ApiError> {
        let mut fields = Vec::new();
        for name in [
            "ImageId",
            "InstanceType",
            "ZoneId",
            "ResourceGroupId",
            "InstanceChargeType",
            "KeyPairName",
            "InstanceNetworkType",
        ] {
            fields.extend(request.text(name)?.map(|wanted| (name, wanted)));
        }
        for name in ["VpcId", "VSwitchId"] {
            fields.extend(request.text(name)?.map(|wanted| (name, wanted)));
        }
        Ok(Self {
            names: request.text("InstanceName")?,
            status: request.text("Status")?,
            tags: request.tags("Tags")?,
            fields,
            security_group: request.text("SecurityGroupId")?,
        })
    }

    /// Tests everything but the status, which has to be looked at.
    fn accepts(&self, instance: &Instance) -> bool {
        let record = instance.describe(instance.power);
        let field = |name: &str| match name {
            "VpcId" | "VSwitchId" => value::text(&record["VpcAttributes"][name]),
            _ => value::text(&record[name]),
        };
        self.names
            .as_ref()
            .is_none_or(|pattern| name_fits(pattern, &instance.name))
            && instance.tags.match_all(&self.tags)
            && self
                .fields
                .iter()
                .all(|(name, wanted)| field(name) == *wanted)
            && self
                .security_group
                .as_ref()
                .is_none_or(|group| instance.security_groups.contains(group))
    }
}

/// Returns the instances that a call selects, each with its true status.
async fn select(
    cloud: &LocalCloud,
    request: &Request<'_>,
) -> Result<Vec<(Instance, Power)>, CallFault> {
    let filter = Filter::of(request)?;
    let candidates = cloud
        .select::<Instance>(request.list("InstanceIds")?)
        .await?;
    let mut selected = Vec::new();
    for stored in candidates {
        let instance = stored.value;
        if !filter.accepts(&instance) {
            continue;
        }
        let power = cloud.power(&instance).await?;
        let wanted = filter.status.as_ref();
        if wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(power.status())) {
            selected.push((instance, power));
        }
    }
    Ok(selected)
}
