//! Starting, stopping, rebooting and deleting instances.

use std::time::Duration;

use serde_json::{Value, json};

use crate::base::call::{ApiError, CallFault};
use crate::base::value::Map;
use crate::provider::local::answer::object;
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::instance::{Instance, Power};
use crate::provider::local::request::Request;
use crate::provider::local::state::Stored;
use crate::provider::local::{fault, garbage};

/// How long a polite stop waits for processes to end; the vendor's guests get about as long.
const GRACE: Duration = Duration::from_secs(10);

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "StartInstance",
        summary: "Starts a stopped instance.",
        parameters: &["InstanceId"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(one(cloud, request, Motion::Start)),
    },
    Api {
        service: "ECS",
        name: "StartInstances",
        summary: "Starts stopped instances.",
        parameters: &["InstanceIds"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(several(cloud, request, Motion::Start)),
    },
    Api {
        service: "ECS",
        name: "StopInstance",
        summary: "Stops a running instance; ForceStop does not wait for its processes.",
        parameters: &["InstanceId", "ForceStop", "StoppedMode", "Hibernate"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(one(cloud, request, Motion::Stop)),
    },
    Api {
        service: "ECS",
        name: "StopInstances",
        summary: "Stops running instances; ForceStop does not wait for their processes.",
        parameters: &["InstanceIds", "ForceStop", "StoppedMode"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(several(cloud, request, Motion::Stop)),
    },
    Api {
        service: "ECS",
        name: "RebootInstance",
        summary: "Stops and starts a running instance.",
        parameters: &["InstanceId", "ForceStop"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(one(cloud, request, Motion::Reboot)),
    },
    Api {
        service: "ECS",
        name: "RebootInstances",
        summary: "Stops and starts running instances.",
        parameters: &["InstanceIds", "ForceReboot"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(several(cloud, request, Motion::Reboot)),
    },
    Api {
        service: "ECS",
        name: "DeleteInstance",
        summary: "Deletes a stopped instance; Force deletes a running one as well.",
        parameters: &["InstanceId", "Force", "TerminateSubscription"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(delete(cloud, request, "InstanceId")),
    },
    Api {
        service: "ECS",
        name: "DeleteInstances",
        summary: "Deletes stopped instances; Force deletes running ones as well.",
        parameters: &["InstanceIds", "Force", "TerminateSubscription"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(delete(cloud, request, "InstanceIds")),
    },
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Motion {
    Start,
    Stop,
    Reboot,
}

async fn one(
    cloud: &LocalCloud,
    request: &Request<'_>,
    motion: Motion,
) -> Result<Reply, CallFault> {
    let stored = cloud
        .instance(request, &request.required("InstanceId")?)
        .await?;
    let before = check(cloud, &stored.value, motion).await?;
    let (after, _) = act(cloud, request, stored, before, motion).await?;
    Ok(Reply {
        answer: Map::new(),
        changes: vec![after.put()],
    })
}

/// Moves several instances; none is touched if one of them may not be.
async fn several(
    cloud: &LocalCloud,
    request: &Request<'_>,
    motion: Motion,
) -> Result<Reply, CallFault> {
    let mut checked = Vec::new();
    for id in request.required_list("InstanceIds")? {
        let stored = cloud.instance(request, &id).await?;
        let before = check(cloud, &stored.value, motion).await?;
        checked.push((stored, before));
    }
    let mut reply = Reply::default();
    let mut responses = Vec::new();
    for (stored, before) in checked {
        let (after, response) = act(cloud, request, stored, before, motion).await?;
        reply.changes.push(after.put());
        responses.push(response);
    }
    reply.answer = object(json!({"InstanceResponses": {"InstanceResponse": responses}}));
    Ok(reply)
}

/// Refuses what the instance's status forbids. What is remembered and what is seen may differ after
/// a crash between acting and writing; then the call is let through and puts both right.
async fn check(
    cloud: &LocalCloud,
    instance: &Instance,
    motion: Motion,
) -> Result<Power, CallFault> {
    let seen = cloud.power(instance).await?;
    let is = (instance.power, seen);
    let refused = match motion {
        Motion::Start => (is == (Power::Running, Power::Running)).then_some("Stopped"),
        Motion::Stop => (instance.power == Power::Stopped).then_some("Running"),
        Motion::Reboot => (seen == Power::Stopped).then_some("Running"),
    };
    match refused {
        None => Ok(seen),
        Some(wanted) => Err(fault::wrong_status(&instance.id, seen.status(), wanted).into()),
    }
}

async fn act(
    cloud: &LocalCloud,
    request: &Request<'_>,
    mut stored: Stored<Instance>,
    before: Power,
    motion: Motion,
) -> Result<(Stored<Instance>, Value), CallFault> {
    let force = request.flag("ForceStop")? || request.flag("ForceReboot")?;
    let grace = if force { Duration::ZERO } else { GRACE };
    let id = stored.value.id.clone();
    if motion != Motion::Start {
        cloud.driver.stop(&id, grace).await.map_err(fault::driver)?;
        stored.value.power = Power::Stopped;
    }
    if motion != Motion::Stop {
        cloud.driver.start(&id).await.map_err(fault::driver)?;
        stored.value.power = Power::Running;
        stored.value.started = Some(request.now());
    }
    let response = json!({
        "InstanceId": id,
        "Code": "200",
        "Message": "success",
        "PreviousStatus": before.status(),
        "CurrentStatus": stored.value.power.status(),
    });
    Ok((stored, response))
}

async fn delete(
    cloud: &LocalCloud,
    request: &Request<'_>,
    parameter: &str,
) -> Result<Reply, CallFault> {
    let force = request.flag("Force")?;
    let mut doomed = Vec::new();
    for id in request.required_list(parameter)? {
        let stored = cloud.instance(request, &id).await?;
        if stored.value.deletion_protection {
            return Err(ApiError::new(
                "InvalidOperation.DeletionProtection",
                format!(
                    "instance `{id}` is protected; set DeletionProtection to false with \
                     ModifyInstanceAttribute first"
                ),
            )
            .into());
        }
        if !force && cloud.power(&stored.value).await? == Power::Running {
            return Err(fault::wrong_status(&id, "Running", "Stopped, or Force be true").into());
        }
        doomed.push(stored);
    }
    let mut reply = Reply::default();
    for stored in doomed {
        let id = &stored.value.id;
        cloud.driver.delete(id).await.map_err(fault::driver)?;
        reply.changes.push(stored.delete());
        reply
            .changes
            .extend(garbage::note(id, stored.value.layers.clone()));
    }
    Ok(reply)
}
