//! `oos instance`: the instances of the embedded cloud.

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::base::value::Map;
use crate::cli::cloud::{call, field, records};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::option::Tag;
use crate::cli::output::{Role, Table, TableCell};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::workshop::Workshop;
use crate::provider::local::HOST_IMAGE;

/// Where `DescribeInstances` keeps its records.
const INSTANCES: [&str; 2] = ["Instances", "Instance"];

/// Arguments of `oos instance`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: InstanceCommand,
}

#[derive(Debug, Subcommand)]
enum InstanceCommand {
    /// List instances
    List {
        /// Only instances that carry this tag; may be given several times
        #[arg(long, value_name = "KEY=VALUE")]
        tag: Vec<Tag>,
    },
    /// Make and start instances
    Create {
        /// The image that they are made from
        #[arg(long, default_value = HOST_IMAGE)]
        image: String,
        /// The instance's name
        #[arg(long)]
        name: Option<String>,
        /// How many
        #[arg(long, value_name = "NUMBER", default_value_t = 1)]
        count: u32,
        /// Label the instances; may be given several times
        #[arg(long, value_name = "KEY=VALUE")]
        tag: Vec<Tag>,
    },
    /// Show everything known of an instance
    Show {
        /// The instance's id or name
        instance: String,
    },
    /// Start an instance
    Start {
        /// The instance's id or name
        instance: String,
    },
    /// Stop an instance; what it has written stays
    Stop {
        /// The instance's id or name
        instance: String,
        /// End its processes at once
        #[arg(long)]
        force: bool,
    },
    /// Remove an instance and everything that it has written
    Delete {
        /// The instance's id or name
        instance: String,
        /// Stop it first if it runs
        #[arg(long)]
        force: bool,
    },
}

impl Arguments {
    /// Does it.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let workshop = Workshop::open(&session.settings)?;
        match self.command {
            InstanceCommand::List { tag } => list(&workshop, &tag, session)?,
            InstanceCommand::Create {
                image,
                name,
                count,
                tag,
            } => {
                let mut parameters = tags(&tag);
                parameters.insert("ImageId".to_owned(), image.into());
                parameters.insert("Amount".to_owned(), count.into());
                if let Some(name) = name {
                    parameters.insert("InstanceName".to_owned(), name.into());
                }
                let answer = call(&workshop, "RunInstances", parameters)?;
                print_created(&answer, session)?;
            }
            InstanceCommand::Show { instance } => {
                let record = find(&workshop, &instance)?;
                session.output.document(&record)?;
            }
            InstanceCommand::Start { instance } => {
                act(&workshop, "StartInstance", &instance, false, session)?;
            }
            InstanceCommand::Stop { instance, force } => {
                act(&workshop, "StopInstance", &instance, force, session)?;
            }
            InstanceCommand::Delete { instance, force } => {
                act(&workshop, "DeleteInstance", &instance, force, session)?;
            }
        }
        Ok(Exit::Success)
    }
}

/// Returns tags as the vendor writes them.
fn tags(tags: &[Tag]) -> Map {
    let list: Vec<Value> = tags
        .iter()
        .map(|tag| json!({"Key": tag.key, "Value": tag.value}))
        .collect();
    let mut parameters = Map::new();
    if !list.is_empty() {
        parameters.insert("Tags".to_owned(), list.into());
    }
    parameters
}

fn list(workshop: &Workshop, tag: &[Tag], session: &mut Session) -> Result<(), Failure> {
    let answer = call(workshop, "DescribeInstances", tags(tag))?;
    let instances = records(&answer, INSTANCES);
    let output = &mut session.output;
    if output.format() != Format::Text {
        return Ok(output.document(&instances)?);
    }
    if instances.is_empty() {
        output.note("There are no instances. `oos instance create` makes one.");
        return Ok(());
    }
    let mut table = Table::new(output, &["ID", "NAME", "STATUS", "IMAGE", "TAGS"]);
    for instance in instances {
        let status = field(instance, "Status");
        let role = if status == "Running" {
            Role::Good
        } else {
            Role::Faint
        };
        let tags: Vec<String> = records(instance, ["Tags", "Tag"])
            .iter()
            .map(|tag| format!("{}={}", field(tag, "TagKey"), field(tag, "TagValue")))
            .collect();
        table.row(vec![
            TableCell::of(Role::Strong, field(instance, "InstanceId")),
            TableCell::from(field(instance, "InstanceName")),
            TableCell::of(role, status),
            TableCell::from(field(instance, "ImageId")),
            TableCell::from(tags.join(", ")),
        ]);
    }
    Ok(table.print(output)?)
}

fn print_created(answer: &Value, session: &mut Session) -> Result<(), Failure> {
    let ids = records(answer, ["InstanceIdSets", "InstanceIdSet"]);
    if session.output.format() != Format::Text {
        return Ok(session.output.document(&ids)?);
    }
    for id in ids {
        session.output.line(id.as_str().unwrap_or_default())?;
    }
    Ok(())
}

/// Returns the instance with this id or name.
fn find(workshop: &Workshop, instance: &str) -> Result<Value, Failure> {
    let answer = call(workshop, "DescribeInstances", Map::new())?;
    let mut found = records(&answer, INSTANCES).iter().filter(|record| {
        field(record, "InstanceId") == instance || field(record, "InstanceName") == instance
    });
    match (found.next(), found.next()) {
        (Some(record), None) => Ok(record.clone()),
        (Some(_), Some(_)) => Err(Failure::usage(anyhow!(
            "several instances are called `{instance}`"
        ))
        .hinted("Use the id of the one that is meant.")),
        (None, _) => Err(Failure::usage(anyhow!("there is no instance `{instance}`"))
            .hinted("`oos instance list` shows which there are.")),
    }
}

fn act(
    workshop: &Workshop,
    api: &str,
    instance: &str,
    force: bool,
    session: &mut Session,
) -> Result<(), Failure> {
    let id = field(&find(workshop, instance)?, "InstanceId").to_owned();
    let mut parameters = Map::new();
    parameters.insert("InstanceId".to_owned(), id.clone().into());
    if force {
        // One word of ours for two of the vendor's: StopInstance and DeleteInstance differ.
        let name = if api == "StopInstance" {
            "ForceStop"
        } else {
            "Force"
        };
        parameters.insert(name.to_owned(), true.into());
    }
    call(workshop, api, parameters)?;
    session
        .output
        .note(format_args!("{api} of `{id}` is done."));
    Ok(())
}
