//! Our own inventories as a JSON Schema, for editors: it completes keys, says what each is for, and marks
//! what reading would refuse.
//!
//! It sees shapes only. Whether groups are defined, jump hosts known and ranges sound is beyond a schema.

use serde_json::json;

use crate::base::value::{Map, Value};

/// What the name of a host or group, or a range of names, begins with and is made of.
const NAME: &str = r"^(?!(tag|file):)[\p{L}\p{N}_:%+\[][\p{L}\p{N}._:%+\[\],-]*$";

/// A time that is longer than nothing, such as `15s` or `1h 30m`.
const TIME: &str = "^[^-]*[1-9][^-]*[A-Za-z]$";

/// Keys with the schemas of their values.
type Fields = Vec<(&'static str, Value)>;

/// Returns the JSON Schema (draft 2020-12) of inventories of our own.
pub fn inventory_schema() -> Value {
    let top = vec![
        (
            "defaults",
            map(
                common(),
                "What every host has unless something nearer says otherwise.",
            ),
        ),
        ("hosts", hosts()),
        ("groups", groups()),
    ];
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "OOS inventory",
        "description": "Hosts, their groups, and how they are reached.",
        "type": "object",
        "properties": properties(top),
        "minProperties": 1,
        "additionalProperties": false,
        "$defs": {
            "scalar": {"type": ["string", "number", "boolean"]},
            "texts": {
                "anyOf": [
                    {"$ref": "#/$defs/scalar"},
                    {"type": "array", "items": {"$ref": "#/$defs/scalar"}},
                    {"type": "null"},
                ],
            },
            "secret": {
                "type": "object",
                "properties": {
                    "secret": scalar("The name of a secret; `oos secret set NAME` keeps its value."),
                },
                "required": ["secret"],
                "additionalProperties": false,
            },
        },
    })
}

fn hosts() -> Value {
    let mut fields = common();
    fields.push((
        "address",
        scalar("What is dialed, where that is not the name."),
    ));
    fields.push(("groups", texts("The groups that it is in.")));
    let host = map(fields, "A host, or all hosts of a range.");
    let mut hosts = named(
        &host,
        "Hosts by name; `web[01-20]` stands for twenty of them.",
    );
    hosts["propertyNames"]["not"] = json!({"const": "all"});
    hosts
}

fn groups() -> Value {
    let mut fields = common();
    fields.push(("hosts", texts("Its hosts: names and ranges.")));
    fields.push(("groups", texts("The groups in it.")));
    named(&map(fields, "A group."), "Groups by name.")
}

/// What hosts, groups and defaults have in common.
fn common() -> Fields {
    let port = "The port of SSH; 22 when not given.";
    let jump = "Hosts to go through, first hop first: names of hosts, or `user@host:port`.";
    vec![
        (
            "user",
            scalar("The login user; who runs `oos` when not given."),
        ),
        (
            "port",
            json!({"description": port, "type": "integer", "minimum": 1, "maximum": 65535}),
        ),
        ("agent", boolean("Whether keys of the agent are tried.")),
        (
            "identities",
            texts("Private key files; relative paths begin beside the inventory."),
        ),
        (
            "certificates",
            texts("Certificate files that do not lie beside their key."),
        ),
        (
            "passphrase",
            secret("What opens key files that are encrypted."),
        ),
        ("password", secret("The password of the login.")),
        ("jump", texts(jump)),
        ("host-keys", host_keys()),
        ("sudo", sudo()),
        ("limits", limits()),
        (
            "variables",
            json!({"description": "Variables, of any shape.", "type": ["object", "null"]}),
        ),
        (
            "tags",
            json!({
                "description": "Tags, a text each.",
                "type": ["object", "null"],
                "additionalProperties": {"$ref": "#/$defs/scalar"},
            }),
        ),
    ]
}

fn host_keys() -> Value {
    let unknown =
        "What to do about a key that nobody knows. One that has changed is refused always.";
    let fields = vec![
        ("files", texts("Files in the format of `known_hosts`.")),
        (
            "alias",
            scalar("The name that is looked up in place of the address."),
        ),
        (
            "unknown",
            json!({"description": unknown, "enum": ["refuse", "accept-new"]}),
        ),
    ];
    map(fields, "How its key is checked.")
}

fn sudo() -> Value {
    let fields = vec![
        ("user", scalar("The user to become; `root` when not given.")),
        ("password", secret("The password that `sudo` asks for.")),
    ];
    json!({
        "description": "Whether commands run by `sudo`: true, or as which user.",
        "anyOf": [
            {"$ref": "#/$defs/scalar"},
            {"type": "object", "properties": properties(fields), "additionalProperties": false},
        ],
    })
}

fn limits() -> Value {
    let time = |description: &str| {
        json!({
            "description": description,
            "type": "string",
            "pattern": TIME,
            "examples": ["15s", "2m"],
        })
    };
    let fields = vec![
        ("connect", time("From dialing to being logged in.")),
        (
            "first-byte",
            time("From the start of a command to its first output."),
        ),
        ("idle", time("Between two signs of life of a command.")),
        (
            "keep-alive",
            time("How often a quiet connection is asked whether it lives."),
        ),
    ];
    map(fields, "How long things may take.")
}

/// A map with these keys only; may be left empty.
fn map(fields: Fields, description: &str) -> Value {
    json!({
        "description": description,
        "type": ["object", "null"],
        "properties": properties(fields),
        "additionalProperties": false,
    })
}

fn properties(fields: Fields) -> Map {
    fields
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

/// A map of hosts or groups.
fn named(item: &Value, description: &str) -> Value {
    json!({
        "description": description,
        "type": ["object", "null"],
        "propertyNames": {"pattern": NAME},
        "additionalProperties": item,
    })
}

fn scalar(description: &str) -> Value {
    definition("scalar", description)
}

fn texts(description: &str) -> Value {
    definition("texts", description)
}

fn secret(description: &str) -> Value {
    definition("secret", description)
}

fn boolean(description: &str) -> Value {
    json!({"description": description, "type": "boolean"})
}

fn definition(name: &str, description: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}"), "description": description})
}
