//! What is not kept is removed, by a person and by the daemon; a disk that is almost full stops what is new.

#![allow(
    clippy::disallowed_methods,
    reason = "a daemon lives by the clock, and so does who looks at it"
)]

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;

use serde_json::Value;

use crate::support::daemon::Daemon;
use crate::support::fleet::Fleet;
use crate::support::machine::until;
use crate::support::mount::run_with_mounts;
use crate::support::oos::Home;

const NAP: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT0S}
";

/// Runs something that ends at once; returns its id.
fn run(home: &Home) -> String {
    home.file("nap.yml", NAP);
    let shown = home.oos(&["run", "nap.yml", "-o", "json"]).json(0);
    shown["ExecutionId"].as_str().unwrap().to_owned()
}

fn listed(home: &Home) -> BTreeSet<String> {
    let all = home.oos(&["list", "-o", "json"]).json(0);
    let ids = all.as_array().unwrap().iter();
    ids.map(|one| one["ExecutionId"].as_str().unwrap().to_owned())
        .collect()
}

fn assert_sound(home: &Home, when: &str) {
    let checked = home.oos(&["store", "check"]);
    assert_eq!(checked.code, 0, "{when}: {checked}");
    let verified = home.oos(&["audit", "verify"]);
    assert_eq!(verified.code, 0, "{when}: {verified}");
}

#[test]
fn a_person_sees_what_would_go_and_removes_it() {
    let home = Home::new();
    let ids: Vec<String> = (0..4).map(|_| run(&home)).collect();
    let nothing = home.oos(&["store", "prune"]);
    assert_eq!(nothing.code, 2, "{nothing}");
    assert!(nothing.stderr.contains("nothing says what"), "{nothing}");
    let prune = ["store", "prune", "--keep", "1", "-o", "json"];
    let dry = home.oos(&[&prune[..], &["--dry-run"]].concat()).json(0);
    assert_eq!(listed(&home).len(), 4, "nothing went");
    let went = home.oos(&prune).json(0);
    let shown = |document: &Value| -> Vec<String> {
        let rows = document["Removed"].as_array().unwrap().iter();
        rows.map(|row| row["ExecutionId"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(shown(&dry), ids[..3]);
    assert_eq!(shown(&went), ids[..3], "what was shown is what went");
    assert_eq!(went["Removed"][0]["Cause"], "count");
    assert_eq!(listed(&home), BTreeSet::from([ids[3].clone()]));
    for command in [
        ["show", ids[0].as_str()],
        ["logs", &ids[0]],
        ["events", &ids[0][..24]],
    ] {
        let gone = home.oos(&command);
        assert_eq!(gone.code, 2, "{gone}");
        assert!(gone.stderr.contains("was removed on"), "{gone}");
    }
    let diff = home.oos(&["diff", &ids[3]]);
    assert!(diff.stderr.contains("is not kept any longer"), "{diff}");
    let record = home.oos(&["audit", "list", "store", "-o", "json"]).json(0);
    assert_eq!(record[0]["Action"], "history-removed");
    assert_eq!(record[0]["Detail"]["executions"], 3);
    assert_sound(&home, "at the end");
}

#[test]
fn the_configuration_says_what_is_kept_when_nobody_else_does() {
    let home = Home::new();
    for _ in 0..3 {
        run(&home);
    }
    let mut command = home.command();
    command
        .env("OOS_KEEP_HISTORY", "count=2")
        .args(["store", "prune", "-o", "json"]);
    let went = home.finish(&mut command).json(0);
    assert_eq!(went["Removed"].as_array().unwrap().len(), 1);
    let mut command = home.command();
    command.env("OOS_KEEP_LOGS", "all").args(["store", "prune"]);
    let refused = home.finish(&mut command);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("OOS_KEEP_LOGS"), "{refused}");
    // The file of the test is empty; this is one of its own.
    let file = home.file("mine.yml", "keep-history: count=1\n");
    let pruned = home.oos(&[
        "--config",
        file.to_str().unwrap(),
        "store",
        "prune",
        "--compact",
    ]);
    assert_eq!(pruned.code, 0, "{pruned}");
    assert_eq!(listed(&home).len(), 1);
    assert_sound(&home, "written anew");
}

#[test]
fn output_goes_before_the_rest_and_that_is_said() {
    let Some(fleet) = Fleet::start(2) else { return };
    for word in ["one", "two"] {
        let ran = fleet.oos(&["exec", "all", "--", &format!("echo {word}")]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let lines = |id: &str| {
        fleet
            .oos(&["logs", id, "-o", "json"])
            .data(0)
            .lines()
            .count()
    };
    assert_eq!(lines("@last"), 2);
    let went = fleet
        .oos(&["store", "prune", "--logs-only", "--keep", "1", "-o", "json"])
        .json(0);
    assert_eq!(
        went["Removed"].as_array().map(Vec::len),
        Some(1),
        "{went:#}"
    );
    let old = went["Removed"][0]["ExecutionId"].as_str().unwrap();
    assert_eq!(lines("@last"), 2, "that of the newest is kept");
    for command in ["logs", "report"] {
        let said = fleet.oos(&[command, old]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.stderr.contains("printed was removed on"), "{said:?}");
    }
    assert_eq!(fleet.oos(&["show", old]).code, 0, "its history is there");
    let diff = fleet.oos(&["diff", "@last"]);
    assert_eq!(diff.code, 1, "{diff:?}");
    assert!(
        diff.stderr.contains("there is nothing to compare"),
        "{diff:?}"
    );
    assert_sound(&fleet.home, "at the end");
}

#[test]
fn killed_at_every_point_of_removing_the_store_is_sound() {
    let home = Home::new();
    let mut points = 0;
    loop {
        for _ in 0..3 {
            run(&home);
        }
        points += 1;
        let mut command = home.command();
        command
            .env("OOS_TEST_FAILPOINT", points.to_string())
            .args(["store", "prune", "--keep", "1"]);
        let status = command.output().unwrap().status;
        assert_sound(&home, &format!("killed at point {points}"));
        if status.signal().is_none() {
            assert!(status.success(), "{status}");
            break;
        }
        let left = listed(&home);
        assert!(
            left.len() == 1 || left.len() >= 3,
            "all or nothing: {left:?}"
        );
        let again = home.oos(&["store", "prune", "--keep", "1"]);
        assert_eq!(again.code, 0, "{again}");
        assert_eq!(listed(&home).len(), 1);
        assert_sound(&home, &format!("gone on after point {points}"));
    }
    println!("report: removing killed at {points} points, sound at each");
    assert!((3..50).contains(&points), "{points} points");
}

#[test]
fn the_daemon_removes_what_is_not_kept() {
    let home = Home::new();
    let ids: Vec<String> = (0..3).map(|_| run(&home)).collect();
    // What ended a moment ago is left to who ran it.
    std::thread::sleep(std::time::Duration::from_secs(11));
    let daemon = Daemon::start(&home, &["--keep-history", "count=1,age=1000d"]);
    until("only the last one is left", || {
        listed(&home) == BTreeSet::from([ids[2].clone()])
    });
    let (code, _) = daemon.stop();
    assert_eq!(code, Some(0));
    let record = home.oos(&["audit", "list", "store", "-o", "json"]).json(0);
    assert_eq!(record[0]["Actor"], "oos");
    assert_sound(&home, "after the daemon");
}

/// Fires every second; what it fires sleeps for as long as it is told.
const TICK: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: timer
    Action: ACS::TimerTrigger
    Properties:
      Type: cron
      Expression: '* * * * * ?'
      EndDate: '2099-01-01T00:00:00Z'
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT0S}
";

const SLEEP: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT6S}
";

/// Runs in a mount namespace of its own: a disk of 64 MiB fills up and is emptied while a daemon serves.
const SCRIPT: &str = r#"
mkdir "$OOS_DATA_DIR"
mount -t tmpfs -o size=64m none "$OOS_DATA_DIR" || exit 77
try() { name=$1; shift; "$OOS" "$@" > "$name.out" 2> "$name.err"; echo $? > "$name.code"; }
free() { df -k --output=avail "$OOS_DATA_DIR" | tail -1; }
fill() { dd if=/dev/zero bs=1k of="$OOS_DATA_DIR/filler" count=$(($(free) - $1)) 2> /dev/null; }
soon() { i=0; until eval "$1"; do i=$((i+1)); [ $i -lt 300 ] || { echo "never: $1"; exit 1; }; sleep 0.1; done; }
fired() { "$OOS" trigger history tick --limit 10000 -o json | grep -c '"ExecutionId": "'; }
"$OOS" run tick.yml > trigger.out || exit 1
"$OOS" serve 2> serve.err & serve=$!
soon '[ "$(fired)" -ge 2 ]'
try start run --detach sleep.yml
fill 2000
soon 'grep -q "almost full" serve.err'
sleep 0.5
fired > before
"$OOS" list -o json | grep -c '"ExecutionId"' > listed-before
try refused run sleep.yml
try refused-exec exec local -- true
try refused-fire trigger fire tick
"$OOS" list -o json | grep -c '"ExecutionId"' > listed-after
soon '"$OOS" show $(cat start.out) -o json | grep -q "\"Status\": \"Success\""'
fired > after
try forced --min-free 0 run --detach sleep.yml
rm "$OOS_DATA_DIR/filler"
soon 'grep -q "room on the disk again" serve.err'
soon "[ \$(fired) -gt $(cat after) ]"
kill $serve
wait $serve
try check store check
"#;

#[test]
fn nothing_new_begins_on_a_disk_that_is_almost_full() {
    let home = Home::new();
    home.file("tick.yml", TICK);
    home.file("sleep.yml", SLEEP);
    let Some(output) = run_with_mounts(&home, SCRIPT, &[]) else {
        return;
    };
    let read = |name: &str| std::fs::read_to_string(home.path().join(name)).unwrap_or_default();
    assert!(output.status.success(), "{output:?}\n{}", read("serve.err"));
    for name in ["refused", "refused-exec", "refused-fire"] {
        let said = read(&format!("{name}.err"));
        assert_eq!(read(&format!("{name}.code")).trim(), "5", "{said}");
        for part in ["almost full", "oos store prune", "--min-free 0"] {
            assert!(said.contains(part), "{name}: `{part}` is not in {said}");
        }
    }
    assert_eq!(
        read("listed-before"),
        read("listed-after"),
        "refused before anything is recorded"
    );
    assert_eq!(read("before"), read("after"), "nothing was fired");
    assert_eq!(read("forced.code").trim(), "0", "{}", read("forced.err"));
    assert_eq!(read("check.code").trim(), "0", "{}", read("check.out"));
    let log = read("serve.err");
    assert_eq!(log.matches("almost full").count(), 1, "told once: {log}");
    assert_eq!(
        log.matches("room on the disk again").count(),
        1,
        "told once: {log}"
    );
}
