//! Changing what is remembered of an instance.

use crate::base::call::CallFault;
use crate::base::value::Map;
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::api::launch::check_hostname;
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::request::Request;

pub(super) const APIS: &[Api] = &[Api {
    service: "ECS",
    name: "ModifyInstanceAttribute",
    summary: "Changes name, description, host name (at next start), protection, groups.",
    parameters: &[
        "InstanceId",
        "InstanceName",
        "Description",
        "HostName",
        "DeletionProtection",
        "SecurityGroupIds",
        "CreditSpecification",
    ],
    kind: Kind::Sets,
    handler: |cloud, request| Box::pin(modify(cloud, request)),
}];

async fn modify(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let mut stored = cloud
        .instance(request, &request.required("InstanceId")?)
        .await?;
    let instance = &mut stored.value;
    if let Some(name) = request.text("InstanceName")? {
        instance.name = name;
    }
    if let Some(description) = request.text("Description")? {
        instance.description = description;
    }
    if let Some(hostname) = request.text("HostName")? {
        instance.hostname = check_hostname(hostname)?;
        // Making an instance that is there already only renews what it is to be called.
        cloud
            .driver
            .create(&instance.spec())
            .await
            .map_err(crate::provider::local::fault::driver)?;
    }
    if let Some(protection) = request.boolean("DeletionProtection")? {
        instance.deletion_protection = protection;
    }
    if let Some(groups) = request.list("SecurityGroupIds")? {
        instance.security_groups = groups;
    }
    if let Some(specification) = request.text("CreditSpecification")? {
        instance
            .attributes
            .insert("CreditSpecification".to_owned(), specification.into());
    }
    Ok(Reply {
        answer: Map::new(),
        changes: vec![stored.put()],
    })
}
