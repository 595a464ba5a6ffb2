//! The real program over hosts of a real sshd: commands on a fleet, runbooks and published templates.

use serde_json::{Value, json};

use crate::support::corpus;
use crate::support::fleet::Fleet;
use crate::support::hosts::count;
use crate::support::listener::Counter;
use crate::support::sshd::Sshd;

/// How many hosts the fleet has.
const HOSTS: usize = 300;

/// Returns what a task came to in the document that `oos run` prints.
fn counts(document: &Value, task: &str) -> Value {
    let tasks = document["Tasks"].as_array().unwrap();
    let found = tasks.iter().find(|row| row["TaskName"] == task);
    found.expect("the task is there")["Loop"].clone()
}

#[test]
fn one_command_runs_on_a_fleet_and_equal_answers_are_shown_once() {
    let Some(fleet) = Fleet::start(20) else {
        return;
    };
    let script = "echo ok; [ \"$SSH_CONNECTION\" ] || exit 9; case $SSH_CONNECTION in \
                  *' 127.1.0.7 '*) echo odd; exit 3 ;; esac";
    let ran = fleet.oos(&["exec", "@web", "!web019", "--max-errors", "1", "--", script]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("web[000-005,007-018]"), "{ran:?}");
    assert!(ran.stdout.contains("web006"), "{ran:?}");
    let again = fleet.oos(&["-o", "json", "retry", "@last", "--failed"]);
    assert_ne!(
        again.code, 0,
        "what tolerated failures has ended well: {again:?}"
    );
    let history = fleet
        .oos(&["-o", "json", "host", "history", "web006"])
        .json(0);
    assert_eq!(history.as_array().map(Vec::len), Some(1), "{history:#}");
}

#[test]
fn words_of_a_command_reach_the_program_as_they_are() {
    let Some(fleet) = Fleet::start(1) else { return };
    let ran = fleet.oos(&[
        "exec", "web000", "--", "printf", "%s|", "a b", "$HOME", "it's",
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("a b|$HOME|it's|"), "{ran:?}");
    let script = fleet
        .home
        .file("look.py", "import sys\nprint(sys.version_info[0])\n");
    let path = script.to_str().unwrap();
    let ran = fleet.oos(&["exec", "all", "--type", "python", "--script", path]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.lines().any(|line| line.trim() == "3"), "{ran:?}");
}

#[test]
fn nothing_runs_on_what_is_not_there() {
    let Some(fleet) = Fleet::start(2) else { return };
    for words in [&["web0O1"][..], &["@db"], &["web000,!web000"]] {
        let ran = fleet.oos(&[&["exec"], words, &["--", "true"]].concat());
        assert_eq!(ran.code, 2, "{words:?}: {ran:?}");
    }
    let listed = fleet.oos(&["-o", "json", "list"]).json(0);
    assert_eq!(listed.as_array().map(Vec::len), Some(0), "{listed:#}");
}

#[test]
fn a_plain_command_needs_no_supervisor() {
    let Some(fleet) = Fleet::start(3) else { return };
    let document = fleet
        .oos(&["-o", "json", "exec", "--plain", "all", "--", "echo ok"])
        .json(0);
    assert_eq!(counts(&document, "run")["Success"], 3, "{document:#}");
}

#[test]
fn a_patrol_and_a_published_bulk_template_reach_three_hundred_hosts() {
    let Some(fleet) = Fleet::start(HOSTS) else {
        return;
    };
    let patrol = ["-o", "json", "run", "patrol", "-p", "targets=@web"];
    let document = fleet.oos(&patrol).json(0);
    assert_eq!(counts(&document, "look")["Success"], HOSTS, "{document:#}");
    assert_eq!(document["Outputs"]["report"]["instances"], HOSTS);
    let Some(library) = corpus::folder() else {
        return;
    };
    let library = library.to_str().unwrap();
    let bulk = [
        "--library",
        library,
        "-o",
        "json",
        "run",
        "ACS-ECS-BulkyRunCommand",
        "-p",
        "targets=@web",
        "-p",
        "commandContent=echo ok",
        "-p",
        "regionId=local",
        "-p",
        "rateControl={\"Mode\":\"Concurrency\",\"Concurrency\":50,\"MaxErrors\":0}",
    ];
    let document = fleet.oos(&bulk).json(0);
    let outputs = document["Outputs"]["commandOutputs"].as_array().unwrap();
    assert_eq!(outputs.len(), HOSTS);
    assert!(outputs.iter().all(|output| output == "ok\n"), "{outputs:?}");
}

/// Returns the corpus as a library, if it is there.
fn library() -> Option<String> {
    Some(corpus::folder()?.to_str().unwrap().to_owned())
}

#[test]
fn a_published_template_runs_on_a_fleet_once_it_is_approved() {
    let Some(fleet) = Fleet::start(30) else {
        return;
    };
    let Some(library) = library() else { return };
    let counter = Counter::new();
    let approvers = format!("approvers=[\"{}\"]", Sshd::user());
    let url = format!("webHookUrl={}", counter.url("asked"));
    let start = [
        "--library",
        &library,
        "-o",
        "json",
        "run",
        "ACS-ECS-ApproveBulkyRunCommand",
        "--allow-self-approval",
        "--no-wait",
        "-p",
        "targets=@web",
        "-p",
        "commandContent=echo ok",
        "-p",
        "atMobiles=[]",
        "-p",
        &approvers,
        "-p",
        &url,
    ];
    let waiting = fleet.oos(&start).json(4);
    assert_eq!(counter.count("asked"), 1);
    let id = waiting["ExecutionId"].as_str().unwrap();
    let approve = [
        "--library",
        &library,
        "-o",
        "json",
        "approve",
        "--resume",
        id,
    ];
    let ended = fleet.home.oos(&approve).json(0);
    // The template takes the list of what the hosts said as one output of type List without `[]` in its
    // selector: a list with one result, which is a list.
    let said = vec!["ok\n"; 30];
    assert_eq!(
        ended["Outputs"]["commandOutputs"],
        json!([said]),
        "{ended:#}"
    );
}

#[test]
fn a_published_template_tags_hosts_with_what_they_say() {
    let Some(fleet) = Fleet::start(20) else {
        return;
    };
    let Some(library) = library() else { return };
    let start = [
        "--library",
        &library,
        "-o",
        "json",
        "run",
        "ACS-ECS-BulkyTagInstanceByRunCommandResult",
        "-p",
        "targets=web[000-009]",
        "-p",
        "tagKey=said",
        "-p",
        "commandContent=printf word",
    ];
    fleet.oos(&start).json(0);
    let hosts = fleet.oos(&["-o", "json", "host", "list"]).json(0);
    let hosts = hosts.as_array().unwrap();
    for (number, host) in hosts.iter().enumerate() {
        let expected = if number < 10 {
            json!("word")
        } else {
            Value::Null
        };
        assert_eq!(host["Tags"]["said"], expected, "{host:#}");
        assert_eq!(host["RunTags"]["said"], expected, "{host:#}");
    }
    let shown = fleet.oos(&["host", "show", "web003"]);
    assert!(shown.data(0).contains("said=word"), "{shown}");
    assert!(shown.stdout.contains("tag said"), "{shown}");
    let folded = fleet.oos(&["host", "list", "--fold", "tag:said=w*"]);
    assert_eq!(folded.data(0), "web[000-009]\n");
    let echo = ["-o", "json", "exec", "tag:said", "--", "echo again"];
    let document = fleet.oos(&echo).json(0);
    assert_eq!(counts(&document, "run")["Success"], 10, "{document:#}");
}

#[test]
fn a_published_template_brings_a_file_to_a_fleet_and_runs_a_command_there() {
    if !std::path::Path::new("/usr/bin/wget").exists() {
        println!("skipped: there is no wget, with which the template fetches");
        return;
    }
    let Some(fleet) = Fleet::start(20) else {
        return;
    };
    let Some(library) = library() else { return };
    let counter = Counter::new();
    let source = format!("sourcePath={}", counter.url("file.txt"));
    let folder = format!(
        "destinationDir={}",
        fleet.sshd.home().join("sent").display()
    );
    let start = [
        "--library",
        &library,
        "-o",
        "json",
        "run",
        "ACS-ECS-BulkyDownloadFileAndRunCommand",
        "-p",
        "targets=@web",
        "-p",
        &source,
        "-p",
        &folder,
        "-p",
        "commandContent=echo run >>\"$HOME/count\"",
    ];
    let document = fleet.oos(&start).json(0);
    let loops = counts(&document, "downloadFileAndRunCommand");
    assert_eq!(loops["Success"], 20, "{document:#}");
    assert_eq!(counter.count("file.txt"), 20);
    assert_eq!(count(&fleet.sshd), 20);
    assert!(fleet.sshd.home().join("sent/file.txt").exists());
}
