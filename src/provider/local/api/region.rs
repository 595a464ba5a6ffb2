//! Regions, zones, instance types: the local cloud has one of each.

use serde_json::json;

use crate::base::call::CallFault;
use crate::provider::local::answer::{Page, object};
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::instance::{cores, zone_of};
use crate::provider::local::request::Request;

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "DescribeRegions",
        summary: "Lists the one region of the local cloud.",
        parameters: &["AcceptLanguage", "InstanceChargeType", "ResourceType"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(async move { Ok(regions(cloud, request)) }),
    },
    Api {
        service: "ECS",
        name: "DescribeZones",
        summary: "Lists the one zone of a region.",
        parameters: &["AcceptLanguage", "InstanceChargeType", "Verbose"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(async move { zones(cloud, request) }),
    },
    Api {
        service: "ECS",
        name: "DescribeInstanceTypes",
        summary: "Lists the one instance type, `local`: all processors of this machine.",
        parameters: &["InstanceTypes", "InstanceTypeFamily"],
        kind: Kind::Reads,
        handler: |_, request| Box::pin(async move { instance_types(request) }),
    },
    Api {
        service: "ECS",
        name: "DescribeAccountAttributes",
        summary: "Answers the attributes of the account; the local cloud limits nothing.",
        parameters: &["AttributeNames", "ZoneId"],
        kind: Kind::Reads,
        handler: |_, _| {
            let answer = object(json!({"AccountAttributeItems": {"AccountAttributeItem": []}}));
            Box::pin(async move { Ok(answer.into()) })
        },
    },
];

fn regions(cloud: &LocalCloud, _request: &Request<'_>) -> Reply {
    object(json!({"Regions": {"Region": [{
        "RegionId": cloud.region,
        "LocalName": cloud.region,
        "RegionEndpoint": "local",
        "Status": "available",
    }]}}))
    .into()
}

fn zones(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let zone = zone_of(&cloud.region_of(request)?);
    Ok(object(json!({"Zones": {"Zone": [{
        "ZoneId": zone,
        "LocalName": zone,
        "AvailableInstanceTypes": {"InstanceTypes": ["local"]},
        "AvailableResourceCreation": {"ResourceTypes": ["Instance", "Disk"]},
        "AvailableDiskCategories": {"DiskCategories": ["local"]},
    }]}}))
    .into())
}

fn instance_types(request: &Request<'_>) -> Result<Reply, CallFault> {
    let wanted = request.list("InstanceTypes")?;
    let mut types = vec![json!({
        "InstanceTypeId": "local",
        "InstanceTypeFamily": "local",
        "CpuCoreCount": cores(),
        "CpuArchitecture": std::env::consts::ARCH,
        "LocalStorageCategory": "",
    })];
    if wanted.is_some_and(|wanted| !wanted.iter().any(|name| name == "local")) {
        types.clear();
    }
    let page = Page::of(request, types)?;
    let entries = page.items.clone();
    Ok(page.answer("InstanceTypes", "InstanceType", entries).into())
}
