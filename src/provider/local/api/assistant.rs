//! The cloud assistant: always there, because the driver runs commands itself.

use serde_json::{Value, json};

use crate::base::call::CallFault;
use crate::base::value::Map;
use crate::provider::local::answer::Page;
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::instance::Power;
use crate::provider::local::request::Request;

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "DescribeCloudAssistantStatus",
        summary: "Tells for each instance whether commands reach it: while it runs.",
        parameters: &["InstanceIds"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "InstallCloudAssistant",
        summary: "Succeeds for every instance that exists; there is nothing to install.",
        parameters: &["InstanceIds"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(install(cloud, request)),
    },
];

async fn describe(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let machines = cloud
        .machines(request.list("InstanceIds")?, |_| true, |_| true)
        .await?;
    let page = Page::of(request, machines)?;
    let mut entries: Vec<Value> = Vec::with_capacity(page.items.len());
    for machine in &page.items {
        let is_running = machine.power() == Power::Running;
        entries.push(json!({
            "InstanceId": machine.id(),
            "CloudAssistantStatus": if is_running { "true" } else { "false" },
            "CloudAssistantVersion": env!("CARGO_PKG_VERSION"),
            "OSType": "Linux",
            "SupportSessionManager": false,
            "ActiveTaskCount": 0,
            "InvocationCount": 0,
        }));
    }
    let container = "InstanceCloudAssistantStatusSet";
    Ok(page
        .answer(container, "InstanceCloudAssistantStatus", entries)
        .into())
}

async fn install(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    for id in request.required_list("InstanceIds")? {
        cloud.machine(&id).await?;
    }
    Ok(Map::new().into())
}
