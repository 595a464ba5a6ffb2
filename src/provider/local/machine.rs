//! What commands run on: an instance of the cloud's own, or a host of the inventory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::base::call::ApiError;
use crate::base::value::{Map, Value};
use crate::provider::inventory::Host;
use crate::provider::local::answer::name_fits;
use crate::provider::local::driver::Command;
use crate::provider::local::instance::{Instance, Power};
use crate::provider::local::request::Request;
use crate::provider::local::script::Script;
use crate::provider::local::tag::{TagFilter, Tags};

/// The instance type that hosts show.
const HOST_TYPE: &str = "host";

/// A machine.
#[derive(Clone, Debug)]
pub(super) enum Machine {
    /// An instance, and whether it runs.
    Instance(Box<Instance>, Power),
    /// A host. Whether it can be reached shows when it is.
    Host(Arc<Host>),
}

impl Machine {
    /// Returns its id.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Instance(instance, _) => &instance.id,
            Self::Host(host) => &host.name,
        }
    }

    /// Returns its display name.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Instance(instance, _) => &instance.name,
            Self::Host(host) => &host.name,
        }
    }

    /// Returns what it calls itself, as far as that is known.
    pub(super) fn hostname(&self) -> &str {
        match self {
            Self::Instance(instance, _) => &instance.hostname,
            Self::Host(host) => &host.name,
        }
    }

    /// Returns its region; hosts are in that of the cloud.
    pub(super) fn region<'a>(&'a self, cloud: &'a str) -> &'a str {
        match self {
            Self::Instance(instance, _) => &instance.region,
            Self::Host(_) => cloud,
        }
    }

    /// Returns whether it runs; hosts are taken to.
    pub(super) fn power(&self) -> Power {
        match self {
            Self::Instance(_, power) => *power,
            Self::Host(_) => Power::Running,
        }
    }

    /// Returns what the driver runs there: on a host with the environment of a login.
    pub(super) fn command(
        &self,
        request: &Request<'_>,
        script: &Script,
        user: Option<String>,
        values: &BTreeMap<String, String>,
    ) -> Result<Command, ApiError> {
        if let Self::Instance(..) = self {
            return script.command(user, values);
        }
        let mut command = script.host_command(user, values)?;
        if request.context.resumed {
            let begun = request.context.log.execution.created();
            let age = request.now().duration_since(begun);
            command.age = Some(Duration::try_from(age).unwrap_or_default());
        }
        Ok(command)
    }

    /// Returns its tags as describe records show them.
    pub(super) fn tags(&self) -> Value {
        match self {
            Self::Instance(instance, _) => instance.tags.answer(),
            Self::Host(host) => Tags::of(&host.tags).answer(),
        }
    }

    /// Returns the record that `DescribeInstances` shows. That of a host has only those of the `fields`
    /// that are read, because a hundred thousand of them are selected at once.
    pub(super) fn describe(&self, region: &str, fields: Option<&[&str]>) -> Value {
        match self {
            Self::Instance(instance, power) => instance.describe(*power),
            Self::Host(host) => Value::Object(describe_host(host, region, fields)),
        }
    }
}

/// The fields of a host's record.
const HOST_FIELDS: [&str; 9] = [
    ID,
    "InstanceName",
    "HostName",
    "Status",
    "RegionId",
    "InstanceType",
    "OSType",
    "ResourceGroupId",
    "Tags",
];

/// The field by which records are told apart.
const ID: &str = "InstanceId";

fn describe_host(host: &Host, region: &str, fields: Option<&[&str]>) -> Map {
    let is_read = |name: &str| name == ID || fields.is_none_or(|fields| fields.contains(&name));
    let count = HOST_FIELDS.iter().filter(|name| is_read(name)).count();
    let mut record = Map::with_capacity(count);
    for name in HOST_FIELDS.into_iter().filter(|name| is_read(name)) {
        let value = match name {
            "Status" => Power::Running.status().into(),
            "RegionId" => region.into(),
            "InstanceType" => HOST_TYPE.into(),
            "OSType" => "linux".into(),
            "ResourceGroupId" => nearest_group(host).into(),
            "Tags" => Tags::of(&host.tags).answer(),
            _ => host.name.as_str().into(),
        };
        record.insert(name.to_owned(), value);
    }
    record
}

/// Returns the group that goes before the others.
fn nearest_group(host: &Host) -> &str {
    host.groups().last().map_or("", AsRef::as_ref)
}

/// What a call asks of hosts. A field that hosts do not have fits none of them.
#[derive(Debug, Default)]
pub(super) struct HostFilter<'a> {
    /// A pattern of names.
    pub(super) names: Option<&'a str>,
    /// Tags.
    pub(super) tags: &'a [TagFilter],
    /// Fields of the record and what they must be.
    pub(super) fields: &'a [(&'static str, String)],
}

impl HostFilter<'_> {
    /// Tells whether a host is asked for.
    pub(super) fn accepts(&self, host: &Host) -> bool {
        self.names
            .is_none_or(|pattern| name_fits(pattern, &host.name))
            && self.tags.iter().all(|(key, value)| {
                let have = host.tags.get(key);
                have.is_some_and(|have| value.as_ref().is_none_or(|wanted| wanted == have))
            })
            && self.fields.iter().all(|(name, wanted)| match *name {
                "ResourceGroupId" => host.is_in(wanted),
                "InstanceType" => wanted == HOST_TYPE,
                _ => false,
            })
    }
}
