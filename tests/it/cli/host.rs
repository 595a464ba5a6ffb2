//! `oos host`: the hosts of inventories.

use std::os::unix::fs::PermissionsExt as _;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use crate::support::oos::{Home, assert_ran};

const INVENTORY: &str = "
defaults:
  user: deploy
  limits: {connect: 10s}
hosts:
  bastion: {address: 203.0.113.5, port: 2222}
  web[01-03]: {tags: {Env: prod}, jump: bastion}
  db1:
    address: 10.0.0.9
    password: {secret: db-login}
    sudo: {user: postgres, password: {secret: db-sudo}}
    host-keys: {unknown: accept-new, alias: db}
    variables: {api_token: visible, size: 3}
groups:
  web: {hosts: 'web[01-03]', variables: {role: web}}
  db: {hosts: db1}
  site: {groups: [web, db], tags: {Site: one}}
";

fn home() -> Home {
    let home = Home::new();
    home.file("hosts.yml", INVENTORY);
    home
}

fn list(home: &Home, words: &[&str]) -> String {
    let mut arguments = vec!["--inventory", "hosts.yml", "host", "list", "--fold"];
    arguments.extend(words);
    home.oos(&arguments).data(0).trim().to_owned()
}

#[test]
fn hosts_are_listed_with_where_they_are() {
    let ran = home().oos(&["--inventory", "hosts.yml", "host", "list"]);
    assert_eq!(ran.code, 0);
    assert_ran!("host_list", ran);
}

#[test]
fn a_host_is_shown_as_it_would_be_reached() {
    let ran = home().oos(&["--inventory", "hosts.yml", "host", "show", "db1"]);
    assert_eq!(ran.code, 0);
    assert_ran!("host_show", ran);
    let ran = home().oos(&[
        "--inventory",
        "hosts.yml",
        "-o",
        "json",
        "host",
        "show",
        "web02",
    ]);
    let shown = ran.json(0);
    assert_eq!(shown["Reached"]["jump"], "deploy@203.0.113.5:2222");
    assert_eq!(shown["Groups"], serde_json::json!(["site", "web"]));
    assert_eq!(shown["Variables"]["role"], "web");
}

#[test]
fn words_choose_hosts_also_out_of_files_and_standard_input() {
    let home = home();
    home.file("names.txt", "# mine\nweb03 db1\n");
    assert_eq!(list(&home, &["@site", "!@db"]), "web[01-03]");
    assert_eq!(list(&home, &["file:names.txt"]), "db1,web03");
    assert_eq!(
        list(&home, &["tag:Env=prod", "!web01", "&@site"]),
        "web[02-03]"
    );
    let mut command = home.command();
    command
        .args(["--inventory", "hosts.yml", "host", "list", "--fold", "-"])
        .stdin(std::fs::File::open(home.path().join("names.txt")).unwrap());
    assert_eq!(home.finish(&mut command).data(0).trim(), "db1,web03");
}

#[test]
fn what_is_not_understood_is_told_with_its_place() {
    let home = Home::new();
    home.file(
        "hosts.yml",
        "hosts:\n  web1: {usr: x}\n  web2: {password: hunter2}\n  'a b':\n  web3: {port: 0, jump: bastoin}\n\
         groups:\n  web: {groups: wbe}\nhost: {}\n",
    );
    let ran = home.oos(&["--inventory", "hosts.yml", "host", "list"]);
    assert_eq!(ran.code, 2);
    assert!(!ran.stderr.contains("hunter2"));
    assert_ran!("host_list_wrong", ran);
}

#[test]
fn without_an_inventory_the_remedy_is_named() {
    let ran = Home::new().oos(&["host", "list"]);
    assert_eq!(ran.code, 2);
    assert_ran!("host_list_without", ran);
}

#[test]
fn several_sources_are_merged_and_the_later_one_goes_first() {
    let home = home();
    home.file(
        "more/10.ini",
        "db1 ansible_host=10.9.9.9\n[cache]\ncache1:2200\n",
    );
    home.file("more/20.yml", "hosts: {cache1: {user: root}}\n");
    home.file("more/notes.md", "no inventory\n");
    home.file("more/group_vars/cache.yml", "size: 5\n");
    let ran = home.oos(&[
        "--inventory",
        "hosts.yml",
        "--inventory",
        "more",
        "--inventory",
        "root@10.1.1.1:22,",
        "-o",
        "json",
        "host",
        "list",
    ]);
    let hosts = ran.json(0);
    let find = |name: &str| {
        let list = hosts.as_array().unwrap();
        list.iter()
            .find(|host| host["Name"] == name)
            .unwrap()
            .clone()
    };
    // What our own notation says of a host goes before variables of Ansible.
    assert_eq!(find("db1")["Address"], "10.0.0.9");
    assert_eq!(find("cache1")["Port"], 2200);
    assert_eq!(find("cache1")["User"], "root");
    assert_eq!(find("10.1.1.1")["User"], "root");
    let shown = home.oos(&[
        "--inventory",
        "hosts.yml",
        "--inventory",
        "more",
        "-o",
        "json",
        "host",
        "show",
        "db1",
    ]);
    let shown = shown.json(0);
    assert_eq!(shown["Named"], "hosts.yml:8");
    let said = |source: &str| shown["SaidBy"][source].to_string();
    for name in ["address", "group db", "tag Site", "variable size"] {
        assert!(said("hosts.yml").contains(name), "{name}: {shown:#}");
    }
    assert!(said("more").contains("variable ansible_host"), "{shown:#}");
    let ran = home.oos(&[
        "--inventory",
        "more",
        "-o",
        "json",
        "host",
        "show",
        "cache1",
    ]);
    assert_eq!(ran.json(0)["Variables"]["size"], 5);
}

#[test]
fn an_executable_is_asked_and_one_that_everybody_may_change_is_not() {
    let home = Home::new();
    let path = home.file(
        "hosts",
        "#!/bin/sh\necho '{\"web\": [\"w1\", \"w2\"], \"_meta\": {\"hostvars\": {\"w1\": \
         {\"ansible_host\": \"10.0.0.1\"}}}}'\n",
    );
    let mode = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o755);
    let ran = home.oos(&["--inventory", "hosts", "-o", "json", "host", "list", "@web"]);
    assert_eq!(ran.json(0)[0]["Address"], "10.0.0.1");
    mode(0o757);
    let ran = home.oos(&["--inventory", "hosts", "host", "list"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("everybody may change it"), "{ran}");
}

/// Answers one request with an inventory; the address is free afterwards.
fn serve_once(media_type: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        )
        .unwrap();
    });
    format!("http://{address}/hosts")
}

#[test]
fn a_server_is_asked_and_what_it_said_is_kept_only_as_long_as_was_said() {
    let home = Home::new();
    let url = serve_once("application/json", "{\"web\": [\"w1\", \"w2\"]}");
    let list = |more: &[&str]| {
        let mut arguments = vec!["--inventory", &url, "host", "list", "--fold"];
        arguments.extend(more);
        home.oos(&arguments)
    };
    assert_eq!(list(&[]).data(0).trim(), "w[1-2]");
    // The server is gone by now.
    assert_eq!(list(&[]).code, 2);
    assert_eq!(
        list(&["--inventory-max-age", "1h"]).data(0).trim(),
        "w[1-2]"
    );
    let stale = list(&["--inventory-stale"]);
    assert_eq!(stale.data(0).trim(), "w[1-2]");
    assert!(stale.stderr.contains("s ago is used"), "{stale}");
}

#[test]
fn what_holds_a_password_is_not_kept() {
    let home = Home::new();
    let url = serve_once(
        "text/plain",
        "w1 ansible_password=hunter2 oos_password_secret=web\n",
    );
    let ran = home.oos(&["--inventory", &url, "-o", "json", "host", "show", "w1"]);
    assert_eq!(ran.json(0)["Reached"]["password"], "secret web");
    assert!(!ran.stdout.contains("hunter2"));
    let kept = std::fs::read_dir(home.path().join("data/inventory"));
    assert_eq!(kept.map_or(0, |entries| entries.count()), 0);
    let url = serve_once("text/plain", "w1 ansible_password=hunter2\n");
    let ran = home.oos(&["--inventory", &url, "host", "list"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("oos secret set") && !ran.stderr.contains("hunter2"),
        "{ran}"
    );
}

#[test]
fn words_are_targets_of_runbooks_and_the_plan_shows_whom_they_mean() {
    let home = home();
    home.file("skip.txt", "web02\n");
    let plan = |words: &str| {
        let targets = format!("targets={words}");
        let arguments = [
            "--inventory",
            "hosts.yml",
            "-o",
            "json",
            "plan",
            "patrol",
            "-p",
            &targets,
        ];
        home.oos(&arguments)
    };
    let shown = plan("@web !file:skip.txt").json(0);
    assert_eq!(
        shown["Parameters"]["targets"],
        serde_json::json!({"Type": "Words", "Words": "@web,!web02"})
    );
    let steps = shown["Steps"].as_array().unwrap();
    let items = serde_json::json!(["web01", "web03"]);
    assert!(
        steps.iter().any(|step| step["Repeats"]["Items"] == items),
        "{shown:#}"
    );
    let ran = plan("@wev");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("did you mean `@web`?"), "{ran}");
    assert_eq!(plan("{\"Type\": \"All\"}").code, 0);
}

#[test]
fn words_that_choose_nobody_are_refused() {
    let home = home();
    home.file(
        "empty.yml",
        "hosts: {web1: }\ngroups: {none: {variables: {a: 1}}}\n",
    );
    for (inventory, words) in [("hosts.yml", "web01,!web01"), ("empty.yml", "@none")] {
        let targets = format!("targets={words}");
        let arguments: [&[&str]; 2] = [
            &["host", "list", words],
            &["plan", "patrol", "-p", &targets],
        ];
        for arguments in arguments {
            let ran = home.oos(&[&["--inventory", inventory], arguments].concat());
            assert_eq!(ran.code, 2, "{ran}");
            assert!(ran.stderr.contains("choose no host"), "{ran}");
        }
    }
}

#[test]
fn texts_of_inventories_cannot_steer_the_terminal() {
    let home = Home::new();
    home.file("hosts", "web1 \u{1b}]0;owned\u{7}=1 b\n");
    let ran = home.oos(&["--inventory", "hosts", "host", "list"]);
    assert_eq!(ran.code, 2);
    assert!(
        !ran.stderr.contains('\u{1b}') && ran.stderr.contains("owned"),
        "{ran}"
    );
}

const ASKING: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - {Name: ask, Action: 'ACS::Approve'}
  - Name: look
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeInstances}
    Outputs: {ids: {Type: List, ValueSelector: '.Instances.Instance[].InstanceId'}}
Outputs: {ids: {Type: List, Value: '{{ look.ids }}'}}
";

/// Starts a run with an inventory that waits for somebody; returns its id.
fn waiting(home: &Home, inventory: &str) -> String {
    home.file("asking.yml", ASKING);
    let start = [
        "--inventory",
        inventory,
        "-o",
        "json",
        "run",
        "asking.yml",
        "--no-wait",
    ];
    let started = home.oos(&[&start[..], &["--allow-self-approval"]].concat());
    started.json(4)["ExecutionId"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_gone_on_with_has_the_hosts_that_it_was_started_with() {
    let home = home();
    home.file("other.yml", "hosts: {other: }");
    let id = waiting(&home, "hosts.yml");
    // Neither the environment nor the folder is that of the start.
    let mut approve = home.command();
    approve
        .env("OOS_INVENTORY", home.path().join("other.yml"))
        .current_dir("/")
        .args(["-o", "json", "approve", "--resume", &id]);
    let ended = home.finish(&mut approve).json(0);
    let ids = ended["Outputs"]["ids"].as_array().unwrap();
    assert!(
        ids.contains(&"web02".into()) && !ids.contains(&"other".into()),
        "{ended:#}"
    );
    let again = [
        "-o",
        "json",
        "run",
        "--from",
        &id,
        "--no-wait",
        "--allow-self-approval",
    ];
    let again = home.oos(&again).json(4);
    let id = again["ExecutionId"].as_str().unwrap();
    let named = [
        "--inventory",
        "other.yml",
        "-o",
        "json",
        "approve",
        "--resume",
        id,
    ];
    let ended = home.oos(&named).json(0);
    assert_eq!(ended["Outputs"]["ids"], serde_json::json!(["other"]));
}

#[test]
fn an_inventory_that_is_gone_is_named_with_the_remedy() {
    let home = home();
    let id = waiting(&home, "hosts.yml");
    std::fs::rename(home.path().join("hosts.yml"), home.path().join("moved.yml")).unwrap();
    let ran = home.oos(&["resume", "--no-wait", &id]);
    assert_eq!(ran.code, 2);
    assert_ran!("resume_without_inventory", ran);
    let named = home.oos(&["resume", "--no-wait", &id, "--inventory", "moved.yml"]);
    assert_eq!(named.code, 4, "{named}");
}

#[test]
fn what_may_be_a_key_is_not_recorded() {
    let home = home();
    let url = serve_once("application/yaml", "hosts: {w1: }");
    let id = waiting(&home, &format!("{url}?key=hunter2"));
    let events = home.oos(&["-o", "json", "events", &id]);
    assert!(
        !events.data(0).contains("hunter2") && events.stdout.contains("?\u{2026}"),
        "{events}"
    );
    let ran = home.oos(&["resume", "--no-wait", &id]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("may be secret and was not recorded"),
        "{ran}"
    );
}
