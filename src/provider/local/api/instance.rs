//! Looking at instances.

use serde_json::json;

use crate::base::call::{ApiError, CallFault};
use crate::base::value::{self, Map, Value};
use crate::provider::inventory::{Host, WordError, Words};
use crate::provider::local::answer::{Page, name_fits};
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::host_tag::RunTags;
use crate::provider::local::instance::{Instance, Power};
use crate::provider::local::machine::{HostFilter, Machine};
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
    WORDS,
];

/// Where an answer holds the records.
const CONTAINER: &str = "Instances";
const ELEMENT: &str = "Instance";

/// The parameter that takes target words.
const WORDS: &str = "TargetWords";

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "DescribeInstances",
        summary: "Lists instances and hosts; ids in the order given, names may hold `*`.",
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
    let reads = request.context.reads.as_ref();
    let fields = reads.and_then(|reads| reads.fields_of(&[CONTAINER, ELEMENT]));
    let describe = |machine: &Machine| machine.describe(&cloud.region, fields.as_deref());
    let entries = page.items.iter().map(describe).collect();
    Ok(page.answer(CONTAINER, ELEMENT, entries).into())
}

async fn describe_managed(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let page = Page::of(request, select(cloud, request).await?)?;
    let entry = |machine: &Machine| {
        json!({
            "InstanceId": machine.id(),
            "InstanceName": machine.name(),
            "Hostname": machine.hostname(),
            "OsType": "linux",
            "Connected": machine.power() == Power::Running,
            "Tags": machine.tags(),
        })
    };
    let entries = page.items.iter().map(entry).collect();
    Ok(page.answer("Instances", "Instance", entries).into())
}

async fn describe_status(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let page = Page::of(request, select(cloud, request).await?)?;
    let entry =
        |machine: &Machine| json!({"InstanceId": machine.id(), "Status": machine.power().status()});
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
    let entry = |machine: &Machine| {
        let code = i32::from(machine.power() == Power::Running);
        json!({
            "InstanceId": machine.id(),
            "Status": {"Name": machine.power().status(), "Code": code},
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
    let id = request.required("InstanceId")?;
    let mut machine = cloud.machine(&id).await?;
    if let Machine::Host(host) = &mut machine {
        *host = RunTags::of_hosts(&cloud.state, &[id])?.put_on(host);
    }
    match machine.describe(&cloud.region, None) {
        Value::Object(record) => Ok(record.into()),
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

    /// Tests everything; a host is in no security group.
    fn accepts_host(&self, host: &Host) -> bool {
        let filter = HostFilter {
            names: self.names.as_deref(),
            tags: &self.tags,
            fields: &self.fields,
        };
        self.security_group.is_none() && filter.accepts(host)
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

/// Says why target words choose nothing.
fn wrong_words(error: &WordError) -> ApiError {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    ApiError::new("InvalidParameter.TargetWords", text)
}

/// Returns the machines that a call selects, each with its true status.
async fn select(cloud: &LocalCloud, request: &Request<'_>) -> Result<Vec<Machine>, CallFault> {
    let filter = Filter::of(request)?;
    let fits_host = |host: &Host| filter.accepts_host(host);
    let mut selected = if let Some(words) = request.text(WORDS)? {
        let inventory = cloud.tagged_inventory()?;
        let words = Words::parse(&words).and_then(|words| words.select(&inventory));
        let hosts = words.map_err(|error| wrong_words(&error))?.into_iter();
        let hosts = hosts.filter(|host| fits_host(host));
        hosts.map(Machine::Host).collect()
    } else {
        let ids = request.list("InstanceIds")?;
        let fits = |instance: &Instance| filter.accepts(instance);
        cloud.machines(ids, fits, fits_host).await?
    };
    if let Some(wanted) = &filter.status {
        selected.retain(|machine| wanted.eq_ignore_ascii_case(machine.power().status()));
    }
    Ok(selected)
}
