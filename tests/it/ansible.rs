//! Inventories of Ansible, read as Ansible reads them: `ansible-inventory --list` is asked about the
//! same files. What Ansible said of them once is kept beside them, so that the comparison runs where
//! Ansible is not installed, too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use oos::base::value::Value;
use oos::provider::inventory::{Inventory, LoadOptions, load};
use serde_json::json;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ansible")
}

/// The examples: a file, or a folder of several.
const EXAMPLES: &[&str] = &[
    "ini/hosts",
    "yaml/hosts.yml",
    "beside/hosts",
    "precedence/hosts",
    "folder",
    "executable/hosts",
];

/// What an inventory comes to: variables by host, and hosts by group.
#[derive(PartialEq, Debug)]
struct Reading {
    variables: BTreeMap<String, Value>,
    groups: BTreeMap<String, BTreeSet<String>>,
}

fn ours(source: &Path) -> Reading {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let sources = [source.display().to_string()];
    let loaded = runtime.block_on(load(&sources, &LoadOptions::default()));
    let inventory = loaded.unwrap_or_else(|error| panic!("{error}")).inventory;
    Reading {
        variables: variables(&inventory),
        groups: inventory
            .groups()
            .map(|group| {
                let members = inventory.hosts().filter(|host| host.is_in(group));
                let names = members.map(|host| host.name.clone()).collect();
                (group.to_owned(), names)
            })
            .filter(|(_, members): &(_, BTreeSet<String>)| !members.is_empty())
            .collect(),
    }
}

fn variables(inventory: &Inventory) -> BTreeMap<String, Value> {
    let hosts = inventory.hosts();
    hosts
        .map(|host| (host.name.clone(), Value::Object(host.variables())))
        .collect()
}

/// Reads what `ansible-inventory --list` printed.
fn theirs(listing: &Value) -> Reading {
    let groups = listing.as_object().unwrap();
    let mut variables = BTreeMap::new();
    let mut members: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for group in groups
        .keys()
        .filter(|name| *name != "_meta" && *name != "all")
    {
        let found = members_of(listing, group);
        if !found.is_empty() {
            members.insert(group.clone(), found);
        }
    }
    for host in members.values().flatten() {
        let have = &listing["_meta"]["hostvars"][host];
        let have = if have.is_null() {
            json!({})
        } else {
            plain(have)
        };
        variables.insert(host.clone(), have);
    }
    Reading {
        variables,
        groups: members,
    }
}

/// Takes away what Ansible marks texts with that are never templates.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => match map.get("__ansible_unsafe") {
            Some(text) => text.clone(),
            None => Value::Object(
                map.iter()
                    .map(|(key, value)| (key.clone(), plain(value)))
                    .collect(),
            ),
        },
        Value::Array(list) => list.iter().map(plain).collect(),
        other => other.clone(),
    }
}

fn members_of(listing: &Value, group: &str) -> BTreeSet<String> {
    let texts = |key: &str| -> Vec<String> {
        let list = listing[group][key].as_array().into_iter().flatten();
        list.map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let mut members: BTreeSet<String> = texts("hosts").into_iter().collect();
    for child in texts("children") {
        members.extend(members_of(listing, &child));
    }
    members
}

fn kept(example: &str) -> PathBuf {
    data().join(format!("{}.listing.json", example.replace('/', "-")))
}

/// Asks Ansible, if it is here.
fn ask(source: &Path) -> Option<Value> {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("ansible.cfg"), "").unwrap();
    let output = Command::new("ansible-inventory")
        .arg("--list")
        .arg("-i")
        .arg(source)
        .env("ANSIBLE_CONFIG", home.path().join("ansible.cfg"))
        .env("ANSIBLE_HOME", home.path())
        .env("HOME", home.path())
        .env("LC_ALL", "C.UTF-8")
        .current_dir(home.path())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn examples_are_read_as_ansible_read_them() {
    for example in EXAMPLES {
        let text = std::fs::read_to_string(kept(example)).unwrap();
        let listing: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(ours(&data().join(example)), theirs(&listing), "{example}");
    }
}

#[test]
fn ansible_still_reads_the_examples_so() {
    for example in EXAMPLES {
        let source = data().join(example);
        let Some(listing) = ask(&source) else {
            eprintln!("skipped: `ansible-inventory` is not installed");
            return;
        };
        if std::env::var_os("OOS_UPDATE").is_some() {
            let text = serde_json::to_string_pretty(&listing).unwrap() + "\n";
            std::fs::write(kept(example), text).unwrap();
        }
        assert_eq!(ours(&source), theirs(&listing), "{example}");
    }
}
