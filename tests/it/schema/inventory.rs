//! The schema of our own inventories says what reading says.

use jsonschema::Validator;
use oos::base::value::Value;
use oos::provider::inventory::{inventory_schema, load_text};

use super::{is_kept, objections, root};

/// Everything that an inventory can say.
const ALL: &str = "
defaults:
  user: deploy
  agent: false
  identities: ~/.ssh/fleet
  limits: {connect: 10s, first-byte: 1m, idle: 5m, keep-alive: 1h 30m}
hosts:
  bastion: {address: 203.0.113.5, port: 2222}
  web[01-20,30]:
    jump: [bastion, ops@203.0.113.6:22]
    tags: {Env: prod, Size: 3, Hot: true}
    groups: [web, site]
  db1:
    address: 10.0.0.9
    certificates: [a-cert.pub, b-cert.pub]
    passphrase: {secret: keys}
    password: {secret: db-login}
    sudo: {user: postgres, password: {secret: db-sudo}}
    host-keys: {unknown: accept-new, alias: db, files: [known_hosts, more]}
    variables: {size: 3, list: [1, {a: b}]}
  fe80::1%eth0:
groups:
  web: {hosts: 'web[01-20]', sudo: true}
  db: {hosts: [db1], sudo: postgres}
  site: {groups: [web, db], tags: {Site: one}}
  empty:
";

#[test]
fn the_schema_file_is_the_generated_one() {
    is_kept(&inventory_schema(), "inventory.schema.json");
}

#[test]
fn the_schema_and_reading_agree() {
    #[track_caller]
    fn case(text: &str, expected: bool) {
        let validator = validator();
        let value: Value = serde_yaml::from_str(text).unwrap();
        let objections = objections(&validator, &value);
        let read = load_text("hosts.yml", text);
        let problems = read.err().map(|error| error.to_string());
        assert_eq!(objections.is_empty(), expected, "{text}: {objections:#?}");
        assert_eq!(problems.is_none(), expected, "{text}: {problems:?}");
    }
    case(ALL, true);
    for sound in [
        "hosts: {a: }",
        "hosts:",
        "groups: {all: {hosts: x}}",
        "defaults: {port: 1}",
        "hosts: {a: {groups: , jump: , tags: , variables: , limits: , host-keys: }}",
        "hosts: {a: {sudo: false}, b: {sudo: {}}, c: {user: 7}}",
        "hosts: {äpfel.example: {address: 1}, _x: , '10.0.0.[1-3]': }",
    ] {
        case(sound, true);
    }
    for broken in [
        "hosts: [a]",
        "hosts: {all: }",
        "hosts: {a b: }",
        "hosts: {-a: }",
        "hosts: {'tag:a': }",
        "groups: {'@web': }",
        "hosts: {a: text}",
        "hosts: {a: {adress: x}}",
        "hosts: {a: {address: [x]}}",
        "hosts: {a: {hosts: x}}",
        "groups: {a: {address: x}}",
        "defaults: {groups: web}",
        "hosts: {a: {port: 0}}",
        "hosts: {a: {port: 65536}}",
        "hosts: {a: {port: '22'}}",
        "hosts: {a: {agent: 'yes'}}",
        "hosts: {a: {password: geheim}}",
        "hosts: {a: {password: {secret: x, more: y}}}",
        "hosts: {a: {passphrase: {name: x}}}",
        "hosts: {a: {identities: {file: x}}}",
        "hosts: {a: {jump: [[b]]}}",
        "hosts: {a: {sudo: {name: x}}}",
        "hosts: {a: {sudo: [root]}}",
        "hosts: {a: {host-keys: {unknown: ask}}}",
        "hosts: {a: {host-keys: {file: x}}}",
        "hosts: {a: {limits: {connect: 10}}}",
        "hosts: {a: {limits: {connect: 0s}}}",
        "hosts: {a: {limits: {connect: -5s}}}",
        "hosts: {a: {limits: {total: 5s}}}",
        "hosts: {a: {tags: {Env: [prod]}}}",
        "hosts: {a: {tags: [Env]}}",
        "hosts: {a: {variables: [x]}}",
        "hosts: {a: }\nhost: {b: }",
    ] {
        case(broken, false);
    }
}

#[test]
fn inventories_of_the_guide_fit_the_schema() {
    let mut seen = 0;
    for name in ["inventory.md", "inventory.zh-CN.md"] {
        let text = std::fs::read_to_string(root().join("docs/guide").join(name)).unwrap();
        let blocks = text.split("```yaml\n").skip(1);
        for block in blocks.filter_map(|rest| rest.split("```").next()) {
            let value: Value = serde_yaml::from_str(block).unwrap();
            if value.get("hosts").is_none() {
                continue;
            }
            let objections = objections(&validator(), &value);
            assert!(objections.is_empty(), "{name}: {objections:#?}");
            seen += 1;
        }
    }
    assert_eq!(seen, 2, "one in each language");
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&inventory_schema()).unwrap()
}
