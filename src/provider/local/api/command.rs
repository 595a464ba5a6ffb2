//! Commands that are kept, and starting them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use crate::base::call::{ApiError, CallFault};
use crate::base::failure::code;
use crate::base::time::{Timestamp, utc_text};
use crate::base::value::{Map, Value};
use crate::provider::local::answer::{Page, name_fits, object};
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::command::SavedCommand;
use crate::provider::local::driver::DriverError;
use crate::provider::local::fault;
use crate::provider::local::instance::Power;
use crate::provider::local::invocation::{Ended, Invocation, Target};
use crate::provider::local::machine::Machine;
use crate::provider::local::request::Request;
use crate::provider::local::script::{Script, read_parameters, read_timeout};
use crate::provider::local::spool;
use crate::provider::local::state::Stored;
use crate::provider::local::token::derive_id;

/// On how many instances one call starts its command at a time.
const AT_ONCE: usize = 16;

const SCRIPT: &[&str] = &[
    "Type",
    "CommandContent",
    "ContentEncoding",
    "WorkingDir",
    "Timeout",
    "EnableParameter",
    "Name",
    "Description",
];

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "CreateCommand",
        summary: "Keeps a command; CommandContent is Base64 unless ContentEncoding says PlainText.",
        parameters: SCRIPT,
        kind: Kind::Changes,
        handler: |_, request| Box::pin(async move { create(request) }),
    },
    Api {
        service: "ECS",
        name: "DescribeCommands",
        summary: "Lists the commands that are kept.",
        parameters: &["CommandId", "Name", "Type", "ContentEncoding"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "DeleteCommand",
        summary: "Forgets a command that is kept.",
        parameters: &["CommandId"],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(delete(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "RunCommand",
        summary: "Starts a command on instances and answers at once with its InvokeId.",
        parameters: &[
            "Type",
            "CommandContent",
            "ContentEncoding",
            "InstanceIds",
            "Timeout",
            "WorkingDir",
            "Username",
            "Parameters",
            "EnableParameter",
            "Name",
            "Description",
            "KeepCommand",
        ],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(run(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "InvokeCommand",
        summary: "Starts a command that is kept and answers at once with its InvokeId.",
        parameters: &[
            "CommandId",
            "InstanceIds",
            "Parameters",
            "Username",
            "Timeout",
        ],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(invoke(cloud, request)),
    },
];

fn create(request: &Request<'_>) -> Result<Reply, CallFault> {
    request.required("Name")?;
    let script = Script::of(request, "Base64")?;
    let command = SavedCommand::of(request, derive_id("c-", &request.token()?, 0), script)?;
    let answer = object(json!({ "CommandId": command.id }));
    Ok(Reply {
        answer,
        changes: vec![Stored::new(command).put()],
    })
}

async fn describe(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let name = request.text("Name")?;
    let kind = request.text("Type")?;
    let plain = is_plain(request)?;
    let stored = cloud
        .select::<SavedCommand>(request.list("CommandId")?)
        .await?;
    let wanted = |command: &SavedCommand| {
        let type_name = command.script.interpreter.type_name();
        name.as_ref()
            .is_none_or(|pattern| name_fits(pattern, &command.name))
            && kind
                .as_ref()
                .is_none_or(|kind| kind.eq_ignore_ascii_case(type_name))
    };
    let list = stored.into_iter().map(|s| s.value).filter(wanted).collect();
    let page = Page::of(request, list)?;
    let entries = page
        .items
        .iter()
        .map(|command| show(command, plain))
        .collect();
    Ok(page.answer("Commands", "Command", entries).into())
}

fn show(command: &SavedCommand, plain: bool) -> Value {
    let script = &command.script;
    let content = if plain {
        script.content.clone()
    } else {
        STANDARD.encode(&script.content)
    };
    json!({
        "CommandId": command.id,
        "Name": command.name,
        "Description": command.description,
        "Type": script.interpreter.type_name(),
        "CommandContent": content,
        "WorkingDir": script.directory.clone().unwrap_or_default(),
        "Timeout": script.timeout,
        "EnableParameter": script.has_parameters,
        "Provider": "User",
        "Category": "",
        "Version": 1,
        "Latest": true,
        "InvokeTimes": 0,
        "CreationTime": utc_text(command.created),
    })
}

/// Tells whether contents and outputs are wanted as they are, not in Base64.
pub(super) fn is_plain(request: &Request<'_>) -> Result<bool, ApiError> {
    match request.text("ContentEncoding")? {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("Base64") => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("PlainText") => Ok(true),
        Some(text) => {
            let why = format!("it is `{text}`; expected PlainText or Base64");
            Err(fault::invalid("ContentEncoding", &why))
        }
    }
}

async fn delete(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let stored = saved(cloud, &request.required("CommandId")?).await?;
    Ok(Reply {
        answer: Map::new(),
        changes: vec![stored.delete()],
    })
}

/// Returns a command that must be kept.
pub(in crate::provider::local) async fn saved(
    cloud: &LocalCloud,
    id: &str,
) -> Result<Stored<SavedCommand>, CallFault> {
    cloud
        .state
        .get(id)
        .await?
        .ok_or_else(|| fault::no_command(id).into())
}

async fn run(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let command = derive_id("c-", &request.token()?, 0);
    let script = Script::of(request, "PlainText")?;
    let mut changes = Vec::new();
    if request.flag("KeepCommand")? {
        let saved = SavedCommand::of(request, command.clone(), script.clone())?;
        changes.push(Stored::new(saved).put());
    }
    let start = Start {
        script,
        name: request.text("Name")?.unwrap_or_default(),
        command,
    };
    let invocation = start.on(cloud, request).await?;
    let answer = object(json!({"CommandId": invocation.command, "InvokeId": invocation.id}));
    changes.push(Stored::new(invocation).put());
    Ok(Reply { answer, changes })
}

async fn invoke(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let saved = saved(cloud, &request.required("CommandId")?).await?.value;
    let mut script = saved.script;
    if let Some(timeout) = read_timeout(request, "Timeout")? {
        script.timeout = timeout;
    }
    let start = Start {
        script,
        name: saved.name,
        command: saved.id,
    };
    let invocation = start.on(cloud, request).await?;
    let answer = object(json!({ "InvokeId": invocation.id }));
    Ok(Reply {
        answer,
        changes: vec![Stored::new(invocation).put()],
    })
}

/// A command about to be started.
struct Start {
    script: Script,
    name: String,
    command: String,
}

impl Start {
    /// Starts it on every instance that the call names. All must run; one that stops under the
    /// call is recorded as ended, and so is one of several whose fate nobody knows: what became of the
    /// others can be read. Of one alone, or of all, that is the fate of the call.
    async fn on(self, cloud: &LocalCloud, request: &Request<'_>) -> Result<Invocation, CallFault> {
        let id = derive_id("t-", &request.token()?, 0);
        let username = request.text("Username")?;
        let given = read_parameters("Parameters", request.value("Parameters"))?;
        let mut commands = Vec::new();
        for instance in request.required_list("InstanceIds")? {
            let machine = cloud.machine(&instance).await?;
            if machine.power() == Power::Stopped && !request.context.resumed {
                let error = fault::wrong_status(machine.id(), "Stopped", "Running");
                return Err(error.into());
            }
            let values = values(cloud, &machine, (&id, &self.command), &given);
            let id = machine.id().to_owned();
            let command = machine.command(request, &self.script, username.clone(), &values)?;
            commands.push((id, command));
        }
        let log_base = spool::stored(request.context, &request.context.log)?;
        let (driver, invocation) = (&cloud.driver, id.as_str());
        let starts = commands.into_iter().map(|(instance, command)| async move {
            let started = driver.invoke(&instance, invocation, &command).await;
            let ended = started
                .err()
                .map(|error| not_started(&error, request.now()));
            Target { instance, ended }
        });
        let targets: Vec<Target> = stream::iter(starts).buffered(AT_ONCE).collect().await;
        if let Some(unknown) = targets.iter().find_map(Target::unknown)
            && targets.iter().all(|target| target.unknown().is_some())
        {
            let reason = unknown.to_owned();
            return Err(CallFault::Unknown { reason });
        }
        Ok(Invocation {
            id,
            command: self.command,
            name: self.name,
            type_name: self.script.interpreter.type_name().to_owned(),
            directory: self.script.directory.unwrap_or_default(),
            username: username.unwrap_or_default(),
            timeout: self.script.timeout,
            created: request.now(),
            log: request.context.log.clone(),
            log_base,
            targets,
        })
    }
}

/// Returns the end of a command that was not started, or of which nobody knows that.
fn not_started(error: &DriverError, at: Timestamp) -> Ended {
    let error_code = match error {
        DriverError::Host { code, .. } => Some((*code).to_owned()),
        DriverError::Unknown { .. } => Some(code::UNKNOWN.to_owned()),
        _ => None,
    };
    Ended {
        error_code,
        ..Ended::without_start(error.to_string(), at)
    }
}

/// Returns the values that `{{name}}` stands for: those of the call, and the vendor's own.
pub(in crate::provider::local) fn values(
    cloud: &LocalCloud,
    machine: &Machine,
    (invocation, command): (&str, &str),
    given: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut values = BTreeMap::from([
        (
            "ACS::RegionId".to_owned(),
            machine.region(&cloud.region).to_owned(),
        ),
        ("ACS::AccountId".to_owned(), cloud.account.clone()),
        ("ACS::InstanceId".to_owned(), machine.id().to_owned()),
        ("ACS::InstanceName".to_owned(), machine.name().to_owned()),
        ("ACS::InvokeId".to_owned(), invocation.to_owned()),
        ("ACS::CommandId".to_owned(), command.to_owned()),
    ]);
    values.extend(given.clone());
    values
}
