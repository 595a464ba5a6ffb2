//! Looking at invocations, and stopping them.

use serde_json::{Value, json};

use crate::base::call::CallFault;
use crate::base::value::Map;
use crate::provider::local::answer::{Page, object};
use crate::provider::local::api::command::is_plain;
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::fault;
use crate::provider::local::invocation::{Ended, Invocation, Lengths};
use crate::provider::local::request::Request;
use crate::provider::local::spool::Spool;
use crate::provider::local::state::{Stored, WriteFault};

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "DescribeInvocations",
        summary: "Lists invocations and takes over what they said meanwhile.",
        parameters: &[
            "InvokeId",
            "CommandId",
            "CommandName",
            "CommandType",
            "InstanceId",
            "InvokeStatus",
            "IncludeOutput",
            "ContentEncoding",
        ],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "DescribeInvocationResults",
        summary: "Lists results; Output is the last 24 KB of standard output.",
        parameters: &["InvokeId", "CommandId", "InstanceId", "ContentEncoding"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe_results(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "StopInvocation",
        summary: "Ends a command and everything it started.",
        parameters: &["InvokeId", "InstanceIds"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(stop(cloud, request)),
    },
];

async fn describe(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let with_output = request.flag("IncludeOutput")?;
    let plain = is_plain(request)?;
    let name = request.text("CommandName")?;
    let kind = request.text("CommandType")?;
    let status = request.text("InvokeStatus")?;
    let list = select(cloud, request)
        .await?
        .into_iter()
        .filter(|invocation| {
            name.as_ref().is_none_or(|name| *name == invocation.name)
                && kind
                    .as_ref()
                    .is_none_or(|kind| *kind == invocation.type_name)
                && status
                    .as_ref()
                    .is_none_or(|status| *status == invocation.statuses().0)
        })
        .collect();
    let page = Page::of(request, list)?;
    let entries = page
        .items
        .iter()
        .map(|i| i.describe(with_output, plain))
        .collect();
    Ok(page.answer("Invocations", "Invocation", entries).into())
}

async fn describe_results(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let plain = is_plain(request)?;
    let instance = request.text("InstanceId")?;
    let mut results = Vec::new();
    for invocation in select(cloud, request).await? {
        for target in &invocation.targets {
            if instance
                .as_ref()
                .is_none_or(|wanted| *wanted == target.instance)
            {
                results.push(Value::Object(target.describe(&invocation, plain)));
            }
        }
    }
    let page = Page::of(request, results)?;
    let entries = page.items.clone();
    let inner = page.frame("InvocationResults", json!({ "InvocationResult": entries }));
    Ok(object(json!({ "Invocation": inner })).into())
}

/// Returns the invocations that a call selects, newest first, brought up to date.
async fn select(cloud: &LocalCloud, request: &Request<'_>) -> Result<Vec<Invocation>, CallFault> {
    let command = request.text("CommandId")?;
    let instance = request.text("InstanceId")?;
    let mut stored = cloud
        .select::<Invocation>(request.list("InvokeId")?)
        .await?;
    stored.reverse();
    let mut list = Vec::new();
    for invocation in stored {
        let value = &invocation.value;
        let is_wanted = command.as_ref().is_none_or(|id| *id == value.command)
            && instance
                .as_ref()
                .is_none_or(|id| value.targets.iter().any(|target| target.instance == *id));
        if is_wanted {
            list.push(refresh(cloud, request, invocation).await?);
        }
    }
    Ok(list)
}

/// Takes over what the driver has of an invocation. The outputs of several instances stand in the
/// log one after the other: one is taken over when all before it have ended. Other executions see
/// the status only.
async fn refresh(
    cloud: &LocalCloud,
    request: &Request<'_>,
    mut stored: Stored<Invocation>,
) -> Result<Invocation, CallFault> {
    let of = Invocation {
        targets: Vec::new(),
        ..stored.value.clone()
    };
    let invocation = &mut stored.value;
    let is_one_of_many = invocation.targets.len() > 1;
    let mut base = invocation.log_base;
    // Only the execution that started a command knows which secrets to take out of its output.
    let mut is_turn = invocation.log.execution == request.context.log.execution;
    let mut taken = Vec::new();
    let mut seen = Vec::new();
    for (place, target) in invocation.targets.iter_mut().enumerate() {
        if let Some(ended) = &target.ended {
            base = after(base, ended.lengths);
            continue;
        }
        let source = (cloud, request.context);
        let mut spool = Spool::open(source, &of, &target.instance, base)?;
        if !is_turn {
            match spool.peek().await {
                Ok(Some(end)) => seen.push((
                    place,
                    Ended {
                        end,
                        ..Ended::without_start(String::new(), request.now())
                    },
                )),
                Ok(None) => {}
                Err(CallFault::Unknown { reason }) if is_one_of_many => {
                    seen.push((place, spool.give_up(reason)));
                }
                Err(fault) => return Err(fault),
            }
            continue;
        }
        let ended = match spool.drain().await {
            Ok(Some(end)) => Some(spool.finish(end).await?.0),
            Ok(None) => None,
            // What became of the others can be read all the same.
            Err(CallFault::Unknown { reason }) if is_one_of_many => Some(spool.give_up(reason)),
            Err(fault) => return Err(fault),
        };
        match ended {
            Some(ended) => {
                base = after(base, ended.lengths);
                target.ended = Some(ended);
                taken.push(target.instance.clone());
            }
            None => is_turn = false,
        }
    }
    if !taken.is_empty() {
        match cloud
            .state
            .write(vec![stored.put()], &request.context.redactor)
            .await
        {
            Ok(()) => {
                for instance in taken {
                    cloud.state.make_durable()?;
                    Spool::let_go(cloud, &instance, &stored.value.id).await;
                }
            }
            // Another reader was faster, and may have let go of the spool before this one saw all
            // of it: what it recorded stands.
            Err(WriteFault::Conflict) => {
                let id = stored.value.id.clone();
                let winner = cloud.state.get::<Invocation>(&id).await?;
                return Ok(winner.ok_or_else(|| fault::no_invocation(&id))?.value);
            }
            Err(WriteFault::Fault(fault)) => return Err(fault),
        }
    }
    // An end that is not recorded yet is shown without its output.
    for (place, ended) in seen {
        stored.value.targets[place].ended = Some(ended);
    }
    Ok(stored.value)
}

fn after(base: Lengths, lengths: Lengths) -> Lengths {
    Lengths {
        stdout: base.stdout + lengths.stdout,
        stderr: base.stderr + lengths.stderr,
    }
}

async fn stop(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let id = request.required("InvokeId")?;
    let only = request.list("InstanceIds")?;
    let stored = cloud.state.get::<Invocation>(&id).await?;
    let invocation = stored.ok_or_else(|| fault::no_invocation(&id))?.value;
    let user = invocation.user();
    for target in &invocation.targets {
        let is_wanted = only
            .as_ref()
            .is_none_or(|only| only.contains(&target.instance));
        let may_run = target.ended.is_none() || target.unknown().is_some();
        if is_wanted && may_run {
            let report = cloud.driver.kill(&target.instance, &id, user).await;
            let report = report.map_err(fault::driver)?;
            tracing::info!(
                invocation = id,
                instance = target.instance,
                ?report,
                "command stopped"
            );
        }
    }
    Ok(Reply {
        answer: Map::new(),
        changes: Vec::new(),
    })
}
