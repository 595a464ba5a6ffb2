//! Writing files into instances.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::call::{ApiError, CallFault};
use crate::base::time::{Timestamp, utc_text};
use crate::provider::inventory::Host;
use crate::provider::local::answer::{Page, object};
use crate::provider::local::api::entry::{Api, Kind};
use crate::provider::local::cloud::{LocalCloud, Reply};
use crate::provider::local::driver::FileSpec;
use crate::provider::local::fault;
use crate::provider::local::machine::Machine;
use crate::provider::local::request::Request;
use crate::provider::local::script::decode_bytes;
use crate::provider::local::state::{Entity, Stored};
use crate::provider::local::token::derive_id;

/// The largest file that one call sends; the vendor takes 32 KB, encoded.
const MAX_CONTENT: usize = 1 << 20;

pub(super) const APIS: &[Api] = &[
    Api {
        service: "ECS",
        name: "SendFile",
        summary: "Writes a file into instances, whole or not at all.",
        parameters: &[
            "InstanceIds",
            "Name",
            "TargetDir",
            "Content",
            "ContentType",
            "FileMode",
            "FileOwner",
            "FileGroup",
            "Overwrite",
            "Description",
        ],
        kind: Kind::Changes,
        handler: |cloud, request| Box::pin(send(cloud, request)),
    },
    Api {
        service: "ECS",
        name: "DescribeSendFileResults",
        summary: "Lists files that were sent.",
        parameters: &["InvokeId", "InstanceId", "Name"],
        kind: Kind::Reads,
        handler: |cloud, request| Box::pin(describe(cloud, request)),
    },
];

/// A file that was sent. Its content is not kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SentFile {
    id: String,
    name: String,
    directory: String,
    mode: String,
    owner: String,
    group: String,
    created: Timestamp,
    /// Instances, each with what went wrong.
    targets: Vec<(String, Option<String>)>,
}

impl Entity for SentFile {
    const KIND: &'static str = "file";

    fn id(&self) -> &str {
        &self.id
    }
}

async fn send(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let file = file(request)?;
    let instances = request.required_list("InstanceIds")?;
    for id in &instances {
        if let Machine::Host(host) = cloud.machine(id).await? {
            allow_owner(request, &host)?;
        }
    }
    let mut targets = Vec::with_capacity(instances.len());
    for id in instances {
        let written = cloud.driver.write_file(&id, &file).await;
        targets.push((id, written.err().map(|error| error.to_string())));
    }
    let id = derive_id("f-", &request.token()?, 0);
    let sent = SentFile {
        id: id.clone(),
        name: file.name,
        directory: file.directory,
        mode: format!("{:04o}", file.mode),
        owner: file.owner,
        group: file.group,
        created: request.now(),
        targets,
    };
    let answer = object(json!({ "InvokeId": id }));
    Ok(Reply {
        answer,
        changes: vec![Stored::new(sent).put()],
    })
}

/// Files on a host belong to the login user: another owner is refused rather than passed over.
fn allow_owner(request: &Request<'_>, host: &Host) -> Result<(), ApiError> {
    for name in ["FileOwner", "FileGroup"] {
        if let Some(wanted) = request.text(name)?
            && host.endpoint.user.as_ref() != Some(&wanted)
        {
            let why = format!("files on the host `{}` belong to its login user", host.name);
            return Err(fault::invalid(name, &why));
        }
    }
    Ok(())
}

fn file(request: &Request<'_>) -> Result<FileSpec, ApiError> {
    let name = request.required("Name")?;
    if name.contains('/') || name.contains('\0') || name == "." || name == ".." {
        return Err(fault::invalid(
            "Name",
            &format!("`{name}` is not a file name"),
        ));
    }
    let directory = request.required("TargetDir")?;
    let is_plain_path = directory.starts_with('/')
        && !directory.contains('\0')
        && !directory.split('/').any(|part| part == "..");
    if !is_plain_path {
        let why = format!("`{directory}` is not an absolute path without `..`");
        return Err(fault::invalid("TargetDir", &why));
    }
    let encoding = request.text("ContentType")?;
    let encoding = encoding.as_deref().unwrap_or("PlainText");
    let text = request.text("Content")?.unwrap_or_default();
    let content = decode_bytes("Content", &text, encoding)?;
    if content.len() > MAX_CONTENT {
        let why = format!(
            "it has {} bytes; at most {MAX_CONTENT} are sent",
            content.len()
        );
        return Err(fault::invalid("Content", &why));
    }
    let mode = request
        .text("FileMode")?
        .unwrap_or_else(|| "0644".to_owned());
    let bits = u32::from_str_radix(&mode, 8)
        .ok()
        .filter(|bits| *bits <= 0o7777);
    Ok(FileSpec {
        directory,
        name,
        content,
        mode: bits.ok_or_else(|| {
            fault::invalid("FileMode", &format!("`{mode}` is not octal, as 0644"))
        })?,
        owner: request
            .text("FileOwner")?
            .unwrap_or_else(|| "root".to_owned()),
        group: request
            .text("FileGroup")?
            .unwrap_or_else(|| "root".to_owned()),
        overwrite: request.flag("Overwrite")?,
    })
}

async fn describe(cloud: &LocalCloud, request: &Request<'_>) -> Result<Reply, CallFault> {
    let name = request.text("Name")?;
    let instance = request.text("InstanceId")?;
    let mut stored = cloud.select::<SentFile>(request.list("InvokeId")?).await?;
    stored.reverse();
    let wanted = |file: &SentFile| {
        name.as_ref().is_none_or(|name| *name == file.name)
            && instance
                .as_ref()
                .is_none_or(|wanted| file.targets.iter().any(|(id, _)| id == wanted))
    };
    let list = stored.into_iter().map(|s| s.value).filter(wanted).collect();
    let page = Page::of(request, list)?;
    let entries = page.items.iter().map(show).collect();
    Ok(page.answer("Invocations", "Invocation", entries).into())
}

fn show(file: &SentFile) -> Value {
    let at = utc_text(file.created);
    let status = |failed: bool| if failed { "Failed" } else { "Success" };
    let failed = file
        .targets
        .iter()
        .filter(|(_, error)| error.is_some())
        .count();
    let overall = match failed {
        0 => "Success",
        count if count == file.targets.len() => "Failed",
        _ => "PartialFailed",
    };
    let targets: Vec<Value> = file
        .targets
        .iter()
        .map(|(instance, error)| {
            json!({
                "InstanceId": instance,
                "InvocationStatus": status(error.is_some()),
                "ErrorCode": if error.is_some() { "FileWriteFailed" } else { "" },
                "ErrorInfo": error.clone().unwrap_or_default(),
                "CreationTime": at,
                "StartTime": at,
                "FinishTime": at,
            })
        })
        .collect();
    json!({
        "InvokeId": file.id,
        "Name": file.name,
        "TargetDir": file.directory,
        "FileMode": file.mode,
        "FileOwner": file.owner,
        "FileGroup": file.group,
        "CreationTime": at,
        "InvocationStatus": overall,
        "VmCount": file.targets.len(),
        "InvokeInstances": {"InvokeInstance": targets},
    })
}
