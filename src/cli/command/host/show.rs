//! `oos host show`: everything known of a host.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::base::secret::MASK;
use crate::base::value::Map;
use crate::cli::command::host::said::said_by;
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::hosts::{Hosts, needs_inventory};
use crate::cli::output::{Output, Role, print_map};
use crate::cli::session::{Outcome, Session};
use crate::cli::targets::choose_one;
use crate::provider::inventory::Host;
use crate::provider::ssh::{Endpoint, HostKeyPolicy};

/// Parts of names of variables whose values are not shown.
const SECRET: [&str; 5] = ["password", "passwd", "secret", "token", "_pass"];

/// Arguments of `oos host show`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The host
    #[arg(value_name = "HOST")]
    host: String,
}

impl Arguments {
    /// Prints the host.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        needs_inventory(&session.settings)?;
        let hosts = Hosts::load_tagged(&session.settings)?;
        hosts.tell(&mut session.output);
        let host = choose_one(&self.host, &hosts.inventory)?;
        let said = said_by(&host, &hosts, &session.settings);
        let output = &mut session.output;
        if output.format() == Format::Text {
            print(&host, &said, output)?;
        } else {
            output.document(&document(&host, &said))?;
        }
        Ok(Exit::Success)
    }
}

/// What each source says.
type Said = BTreeMap<String, Vec<String>>;

fn print(host: &Host, said: &Said, output: &mut Output) -> std::io::Result<()> {
    let name = output.paint(Role::Strong, &host.name);
    output.line(name)?;
    print_map("Reached", &reached(&host.endpoint), output)?;
    let groups = host.groups().join(", ");
    let mut known = Map::new();
    known.insert("groups".to_owned(), groups.into());
    let tags = host.tags.iter();
    let tags: Vec<String> = tags.map(|(key, value)| format!("{key}={value}")).collect();
    known.insert("tags".to_owned(), tags.join(", ").into());
    known.insert("named in".to_owned(), host.named.as_str().into());
    print_map("Known as", &known, output)?;
    print_map("Variables", &masked(host.variables()), output)?;
    let said = said.iter();
    let said = said.map(|(source, names)| (source.clone(), json!(names.join(", "))));
    print_map("Said by", &said.collect(), output)
}

fn document(host: &Host, said: &Said) -> Value {
    json!({
        "Name": host.name,
        "Reached": reached(&host.endpoint),
        "Groups": host.groups(),
        "Tags": *host.tags,
        "Variables": masked(host.variables()),
        "Named": host.named,
        "SaidBy": said,
    })
}

/// Returns how a host is reached, in the words of inventories of ours.
pub(super) fn reached(endpoint: &Endpoint) -> Map {
    let secret = |name: &Option<String>| {
        let name = name.as_ref()?;
        Some(json!(format!("secret {name}")))
    };
    let files = |paths: &[PathBuf]| {
        let paths: Vec<String> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        (!paths.is_empty()).then(|| json!(paths.join(", ")))
    };
    let jumps: Vec<String> = endpoint.jumps.iter().map(|jump| place(jump)).collect();
    let keys = &endpoint.host_keys;
    let unknown = match keys.unknown {
        HostKeyPolicy::Refuse => "refused",
        HostKeyPolicy::AcceptNew => "accepted once",
    };
    let sudo = endpoint.elevation.as_ref();
    let limits = &endpoint.limits;
    let time = |time: std::time::Duration| json!(format!("{}s", time.as_secs()));
    let fields = [
        ("address", Some(json!(place(endpoint)))),
        ("jump", (!jumps.is_empty()).then(|| json!(jumps.join(", ")))),
        ("identities", files(&endpoint.identities)),
        ("certificates", files(&endpoint.certificates)),
        (
            "agent",
            Some(json!(if endpoint.agent { "asked" } else { "not asked" })),
        ),
        ("passphrase", secret(&endpoint.passphrase)),
        ("password", secret(&endpoint.password)),
        ("sudo", sudo.map(|sudo| json!(sudo.user))),
        (
            "sudo password",
            sudo.and_then(|sudo| secret(&sudo.password)),
        ),
        ("known hosts", files(&keys.files)),
        ("known hosts of the system", files(&keys.system_files)),
        ("key alias", keys.alias.as_ref().map(|alias| json!(alias))),
        ("unknown keys", Some(json!(unknown))),
        ("connect within", Some(time(limits.connect))),
        ("first byte within", limits.first_byte.map(time)),
        ("quiet at most", limits.idle.map(time)),
        ("keep alive", Some(time(limits.keep_alive))),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// Returns `user@address:port` as far as it is not the usual.
fn place(endpoint: &Endpoint) -> String {
    let user = match &endpoint.user {
        Some(user) => format!("{user}@"),
        None => String::new(),
    };
    match endpoint.port {
        22 => format!("{user}{}", endpoint.address),
        port => format!("{user}{}:{port}", endpoint.address),
    }
}

/// Hides the values of variables whose names say that they are secret, at any depth.
fn masked(variables: Map) -> Map {
    let mask = |(name, value): (String, Value)| {
        let lower = name.to_ascii_lowercase();
        let names_secret = lower.starts_with("oos_") && value.is_string();
        let is_secret = SECRET.iter().any(|part| lower.contains(part)) && !names_secret;
        let value = match value {
            _ if is_secret => json!(MASK),
            Value::Object(inner) => Value::Object(masked(inner)),
            Value::Array(list) => list
                .into_iter()
                .map(|element| match element {
                    Value::Object(inner) => Value::Object(masked(inner)),
                    other => other,
                })
                .collect(),
            other => other,
        };
        (name, value)
    };
    variables.into_iter().map(mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_sound_secret_are_hidden() {
        let variables = json!({
            "db_password": "x", "a": {"api_token": [1], "b": 2}, "list": [{"Secret": 1}],
            "oos_password_secret": "web", "plain": "y",
        });
        let Value::Object(variables) = variables else {
            unreachable!("it is written as a map")
        };
        assert_eq!(
            Value::Object(masked(variables)),
            json!({
                "db_password": MASK, "a": {"api_token": MASK, "b": 2}, "list": [{"Secret": MASK}],
                "oos_password_secret": "web", "plain": "y",
            })
        );
    }
}
