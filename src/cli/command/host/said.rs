//! Which source says what of a host. An inventory keeps only what comes of all of them, so each source is
//! read once more by itself, and what comes of it alone is compared.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::command::host::show::reached;
use crate::cli::hosts::Hosts;
use crate::config::Settings;
use crate::provider::inventory::Host;
use crate::provider::ssh::Endpoint;

/// What executables and servers said just now is not asked for again.
const JUST_NOW: Duration = Duration::from_mins(1);

/// What says the tags that runs gave.
const RUNS: &str = "runs";

/// Returns for each source what it is that counts of what it says of a host. What several sources say
/// alike is said by the last of them; what follows only from several together by none.
pub(super) fn said_by(
    host: &Host,
    hosts: &Hosts,
    settings: &Settings,
) -> BTreeMap<String, Vec<String>> {
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut left = facts(host);
    let tags = hosts.run_tags.of(&host.name).into_iter().flatten();
    for name in tags.map(|(key, _)| format!("tag {key}")) {
        left.remove(&name);
        said.entry(RUNS.to_owned()).or_default().push(name);
    }
    for source in settings.inventories.iter().rev() {
        let alone = Settings {
            inventories: vec![source.clone()],
            inventory_max_age: settings.inventory_max_age.max(JUST_NOW),
            ..settings.clone()
        };
        // One that names groups of another source cannot be read without it.
        let Ok(hosts) = Hosts::load(&alone) else {
            continue;
        };
        let Some(known) = hosts.inventory.host(&host.name) else {
            continue;
        };
        for (name, value) in facts(known) {
            if left.get(&name) == Some(&value) {
                left.remove(&name);
                said.entry(source.clone()).or_default().push(name);
            }
        }
    }
    said
}

/// Returns everything that somebody said of a host, by name.
fn facts(host: &Host) -> BTreeMap<String, Value> {
    let endpoint = &host.endpoint;
    let usual = reached(&Endpoint::of(host.name.clone()));
    let mut facts: BTreeMap<String, Value> = reached(endpoint)
        .into_iter()
        .filter(|(name, value)| name != "address" && usual.get(name) != Some(value))
        .collect();
    let mut add = |name: String, value: Value| facts.insert(name, value);
    if endpoint.address != host.name {
        add("address".to_owned(), json!(endpoint.address));
    }
    if let Some(user) = &endpoint.user {
        add("user".to_owned(), json!(user));
    }
    if endpoint.port != Endpoint::of(String::new()).port {
        add("port".to_owned(), json!(endpoint.port));
    }
    for group in host.groups() {
        add(format!("group {group}"), Value::Null);
    }
    for (key, value) in host.tags.iter() {
        add(format!("tag {key}"), json!(value));
    }
    for (name, value) in host.variables() {
        add(format!("variable {name}"), value);
    }
    facts
}
