//! The daemon: schedules, events, blackouts, queues, and whatever nobody works on.

#![allow(
    clippy::disallowed_methods,
    reason = "a daemon lives by the clock, and so does who looks at it"
)]

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::daemon::Daemon;
use crate::support::machine::until;
use crate::support::oos::Home;

/// Fires every second; what it fires sleeps as long as it is told.
fn ticking(home: &Home, policies: &str, nap: &str) -> String {
    let text = format!(
        "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: timer
    Action: ACS::TimerTrigger
    Properties:
      Type: cron
      Expression: '* * * * * ?'
      EndDate: '2099-01-01T00:00:00Z'
      {policies}
    Outputs:
      time: {{Type: String, ValueSelector: .nominalTime}}
  - Name: nap
    Action: ACS::Sleep
    Properties: {{Duration: {nap}}}
Outputs:
  time: {{Type: String, Value: '{{{{ timer.time }}}}'}}
"
    );
    home.file("tick.yml", &text).display().to_string()
}

const EVENT: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: event
    Action: ACS::EventTrigger
    Properties:
      Product: ECS
      Name: [Instance:StateChange]
      Content: {state: Stopped}
      OutputTransformer: '.content'
    Outputs:
      id: {Type: String, ValueSelector: .resourceId}
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT1S}
Outputs:
  id: {Type: String, Value: '{{ event.id }}'}
";

const NAP: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT1S}
";

fn history(home: &Home, trigger: &str) -> Vec<Value> {
    let shown = home.oos(&[
        "trigger", "history", trigger, "--limit", "1000", "-o", "json",
    ]);
    serde_json::from_str(shown.data(0)).unwrap()
}

fn of<'a>(firing: &'a Value, field: &str) -> &'a str {
    firing[field].as_str().unwrap_or_default()
}

fn show(home: &Home, id: &str) -> Value {
    home.oos(&["show", id, "-o", "json"]).json(0)
}

/// Returns the id that a command printed.
fn id(text: &str) -> String {
    text.trim().to_owned()
}

#[test]
fn a_schedule_waits_and_each_of_its_times_is_an_execution() {
    let home = Home::new();
    let template = ticking(&home, "", "PT1S");
    let parent = id(home.oos(&["run", &template]).data(0));
    let seen = show(&home, &parent);
    assert_eq!(seen["Status"], "Waiting");
    assert_eq!(
        seen["WaitingStatus"],
        json!({"kind": "Trigger", "trigger": "Timer"})
    );
    let daemon = Daemon::start(&home, &[]);
    until("three times have come to their end", || {
        let done = |firing: &&Value| firing["Status"] == "Success";
        history(&home, "tick").iter().filter(done).count() >= 3
    });
    let firing = history(&home, "tick").pop().unwrap();
    let child = show(&home, of(&firing, "ExecutionId"));
    assert_eq!(child["ParentExecutionId"], json!(parent));
    assert_eq!(child["Outputs"]["time"], firing["NominalTime"]);
    assert_eq!(show(&home, &parent)["Status"], "Waiting");
    let listed = home.oos(&["list"]).data(0).to_owned();
    assert!(
        listed.contains("tick (trigger)") && listed.contains("tick (fired)"),
        "{listed}"
    );

    home.oos(&["trigger", "pause", "tick", "--note", "holidays"])
        .data(0);
    let listed = home.oos(&["trigger", "list", "-o", "json"]).json(0);
    assert_eq!(
        (&listed[0]["Paused"], &listed[0]["NextScheduleTime"]),
        (&json!(true), &Value::Null)
    );
    let before = history(&home, "tick").len();
    std::thread::sleep(Duration::from_millis(2_200));
    assert!(history(&home, "tick").len() <= before, "it is paused");
    home.oos(&["trigger", "resume", "tick"]).data(0);
    until("the paused times are on record", || {
        history(&home, "tick")
            .iter()
            .any(|firing| firing["Cause"] == "Paused")
    });

    home.oos(&["cancel", &parent]).data(0);
    until("the schedule has ended", || {
        show(&home, &parent)["Status"] == "Cancelled"
    });
    let (code, took) = daemon.stop();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn two_daemons_one_of_which_is_killed_start_each_time_once() {
    let home = Home::new();
    let template = ticking(&home, "Missed: all", "PT1S");
    home.oos(&["run", &template]).data(0);
    let steady = Daemon::start(&home, &[]);
    for _ in 0..3 {
        let other = Daemon::start(&home, &[]);
        std::thread::sleep(Duration::from_millis(1_300));
        other.crash();
    }
    steady.crash();
    // Nobody serves for a while; whoever comes then makes up for it.
    std::thread::sleep(Duration::from_millis(2_100));
    let last = Daemon::start(&home, &[]);
    until("what was missed has been made up for", || {
        let firings = history(&home, "tick");
        let done = |firing: &&Value| firing["Status"] == "Success";
        firings.iter().filter(done).count() >= 8
    });
    home.oos(&["trigger", "delete", "tick"]).data(0);
    let (code, _) = last.stop();
    assert_eq!(code, Some(0));
    let listed = home
        .oos(&["trigger", "list", "--all", "-o", "json"])
        .json(0);
    let firings = history(&home, of(&listed[0], "ExecutionId"));
    let mut times: BTreeMap<i64, u32> = BTreeMap::new();
    for firing in &firings {
        let time: jiff::Timestamp = of(firing, "NominalTime").parse().unwrap();
        *times.entry(time.as_second()).or_default() += 1;
        assert_eq!(firing["Count"], 1, "{firing}");
    }
    assert!(times.values().all(|count| *count == 1), "{times:?}");
    let (first, last) = (
        *times.first_key_value().unwrap().0,
        *times.last_key_value().unwrap().0,
    );
    assert_eq!(
        times.len() as i64,
        last - first + 1,
        "a time has no row: {times:?}"
    );
    assert_eq!(
        home.oos(&["store", "check", "-o", "json"]).json(0),
        json!([])
    );
}

#[test]
fn overlaps_are_skipped_or_wait_in_line() {
    let home = Home::new();
    let skip = ticking(&home, "Overlap: skip", "PT3S");
    home.oos(&["run", &skip]).data(0);
    let daemon = Daemon::start(&home, &[]);
    until("one overlaps", || {
        history(&home, "tick")
            .iter()
            .any(|firing| firing["Cause"] == "Overlap")
    });
    home.oos(&["trigger", "delete", "tick"]).data(0);
    let queue = home.file(
        "line.yml",
        &std::fs::read_to_string(skip)
            .unwrap()
            .replace("skip", "queue"),
    );
    home.oos(&["run", queue.to_str().unwrap()]).data(0);
    until("one waits in line", || {
        history(&home, "line")
            .iter()
            .any(|firing| firing["Status"] == "Queued")
    });
    let firings = history(&home, "line");
    let queued = firings
        .iter()
        .find(|firing| firing["Status"] == "Queued")
        .unwrap();
    let waiting = show(&home, of(queued, "ExecutionId"));
    assert_eq!(waiting["WaitingStatus"]["kind"], "Turn");
    until("its turn has come", || {
        show(&home, of(queued, "ExecutionId"))["Status"] == "Success"
    });
    home.oos(&["trigger", "delete", "line"]).data(0);
    daemon.stop();
}

#[test]
fn more_than_may_run_at_once_are_queued() {
    let home = Home::new();
    let template = home.file("event.yml", EVENT);
    home.oos(&["run", template.to_str().unwrap()]).data(0);
    let daemon = Daemon::start(&home, &["--max-of", "tick=1"]);
    let tick = ticking(&home, "", "PT4S");
    home.oos(&["run", &tick]).data(0);
    until("one is queued", || {
        history(&home, "tick")
            .iter()
            .any(|firing| firing["Status"] == "Queued")
    });
    let running = home.oos(&[
        "list",
        "--template",
        "tick",
        "--status",
        "running",
        "-o",
        "json",
    ]);
    assert!(running.json(0).as_array().unwrap().len() <= 1);
    home.oos(&["trigger", "delete", "tick"]).data(0);
    daemon.stop();
}

#[test]
fn an_event_that_fits_starts_an_execution() {
    let home = Home::new();
    let template = home.file("event.yml", EVENT);
    home.oos(&["run", template.to_str().unwrap()]).data(0);
    let event = |state: &str| {
        json!({
            "product": "ECS", "name": "Instance:StateChange",
            "content": {"state": state, "resourceId": "i-1"},
        })
        .to_string()
    };
    let fire = |content: &str| {
        home.oos(&[
            "trigger",
            "fire",
            "event",
            "--type",
            "event",
            "--content",
            content,
            "-o",
            "json",
        ])
    };
    let refused = fire(&event("Running"));
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("content.state"),
        "{}",
        refused.stderr
    );
    let wrong = home.oos(&[
        "trigger",
        "fire",
        "event",
        "--type",
        "alarm",
        "--content",
        "{}",
    ]);
    assert_eq!(wrong.code, 1);
    // Nobody serves, so it is worked on here.
    let ran = fire(&event("Stopped")).json(0);
    assert_eq!(
        (&ran["Status"], &ran["Outputs"]["id"]),
        (&json!("Success"), &json!("i-1"))
    );
    let daemon = Daemon::start(&home, &[]);
    let fired = fire(&event("Stopped")).json(0);
    let fired = of(&fired, "ExecutionId").to_owned();
    until("the daemon has worked on it", || {
        show(&home, &fired)["Status"] == "Success"
    });
    assert_eq!(history(&home, "event").len(), 2);
    daemon.stop();
}

#[test]
fn what_nobody_works_on_is_taken_up() {
    let home = Home::new();
    let template = home.file("nap.yml", &NAP.replace("PT1S", "PT4S"));
    let mut run = home
        .command()
        .args(["run", template.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("it runs", || {
        let listed = home
            .oos(&["list", "--status", "running", "-o", "json"])
            .json(0);
        listed.as_array().unwrap().len() == 1
    });
    run.kill().unwrap();
    run.wait().unwrap();
    let first = Daemon::start(&home, &[]);
    first.crash();
    let second = Daemon::start(&home, &[]);
    until("it has come to its end", || {
        show(&home, "@last")["Status"] == "Success"
    });
    let (code, _) = second.stop();
    assert_eq!(code, Some(0));
}

#[test]
fn a_blackout_holds_what_people_start_until_it_is_overridden() {
    let home = Home::new();
    let calendar = home.file(
        "freeze.yml",
        "- {Name: freeze, From: 2020-01-01T00:00:00Z, To: 2099-01-01T00:00:00Z}\n",
    );
    let calendar = calendar.to_str().unwrap();
    let template = home.file("nap.yml", NAP);
    let template = template.to_str().unwrap();
    let run = [
        "run",
        template,
        "--calendar",
        calendar,
        "--no-wait",
        "-o",
        "json",
    ];
    let held = home.oos(&run);
    assert_eq!(held.code, 4, "{}", held.stderr);
    let held: Value = serde_json::from_str(&held.stdout).unwrap();
    assert_eq!(held["WaitingStatus"]["kind"], "Blackout");
    let refused = home.oos(&["approve", of(&held, "ExecutionId")]);
    assert!(
        refused.stderr.contains("another person must approve"),
        "{}",
        refused.stderr
    );
    let lone: Vec<&str> = run
        .iter()
        .copied()
        .chain(["--allow-self-approval"])
        .collect();
    let held: Value = serde_json::from_str(&home.oos(&lone).stdout).unwrap();
    let approved = home.oos(&[
        "approve",
        of(&held, "ExecutionId"),
        "--resume",
        "-o",
        "json",
    ]);
    assert_eq!(approved.json(0)["Status"], "Success");

    let failing = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: check
    Action: ACS::CheckFor
    Properties:
      Service: ECS
      API: DescribeRegions
      PropertySelector: '.Regions.Region | length'
      DesiredValues: [0]
";
    let failing = home.file("fail.yml", failing);
    let failed = home.oos(&["run", failing.to_str().unwrap(), "-o", "json"]);
    let failed: Value = serde_json::from_str(&failed.stdout).unwrap();
    assert_eq!(failed["Status"], "Failed");
    let again = home.oos(&[
        "retry",
        of(&failed, "ExecutionId"),
        "--failed",
        "--no-wait",
        "--calendar",
        calendar,
        "-o",
        "json",
    ]);
    assert_eq!(again.json(4)["WaitingStatus"]["kind"], "Blackout");

    let hosts = home.file("hosts.yml", "hosts:\n  web1: {address: 127.0.0.1}\n");
    let started = home.oos(&[
        "exec",
        "web1",
        "--inventory",
        hosts.to_str().unwrap(),
        "--calendar",
        calendar,
        "--detach",
        "--",
        "true",
    ]);
    let id = started.data(0).trim();
    assert_eq!(show(&home, id)["WaitingStatus"]["kind"], "Blackout");
    home.oos(&["cancel", id]).data(0);
}

#[test]
fn a_changed_template_is_read_again_and_a_broken_one_is_not_used() {
    let home = Home::new();
    let template = |expression: &str, note: &str| {
        let text = NAP.replace("PT1S", "PT0S").replace(
            "Tasks:\n",
            &format!(
                "Description: {note}
Parameters: {{who: {{Type: String}}}}
Tasks:
  - Name: timer
    Action: ACS::TimerTrigger
    Properties: {{Type: cron, Expression: '{expression}', EndDate: '2099-01-01T00:00:00Z'}}
"
            ),
        );
        home.file(
            "tick.yml",
            &(text + "Outputs: {told: {Type: String, Value: 'NOTE {{ who }}'}}\n")
                .replace("NOTE", note),
        )
    };
    let path = template("0 0 0 1 1 ? 2050", "first");
    let run = ["run", path.to_str().unwrap(), "-p", "who=ann"];
    let trigger = home.oos(&run).data(0).trim().to_owned();
    home.file("plain.yml", &NAP.replace("PT1S", "PT0S"));
    let plain = home.path().join("plain.yml");
    let create = [
        "trigger",
        "create",
        plain.to_str().unwrap(),
        "--name",
        "own",
        "--cron",
        "0 0 0 1 1 ? 2050",
    ];
    let own = home.oos(&create).data(0).trim().to_owned();
    let daemon = Daemon::start(&home, &["-v"]);
    let reload = |said: &str| {
        daemon.signal(Signal::SIGHUP);
        until("templates are read", || daemon.log().contains(said));
    };

    template("* * * * * ? wrong", "broken");
    reload("goes on with the template that it has");
    assert!(daemon.log().contains("tick.yml:"), "{}", daemon.log());
    let shown = home
        .oos(&["trigger", "show", &trigger, "-o", "json"])
        .json(0);
    assert_eq!(shown["Settings"]["Expression"], "0 0 0 1 1 ? 2050");

    template("* * * * * ?", "second");
    home.file(
        "plain.yml",
        &NAP.replace("PT1S", "PT0S").replace("nap", "doze"),
    );
    reload("renewed=2");
    until("it fires by what its template says now", || {
        let fired = history(&home, &trigger);
        fired.iter().any(|row| of(row, "Status") == "Success")
    });
    let fired = history(&home, &trigger);
    let first = show(&home, of(fired.last().unwrap(), "ExecutionId"));
    assert_eq!(first["Outputs"]["told"], "second ann");
    assert_eq!(first["ParentExecutionId"], Value::from(trigger.as_str()));
    let by_hand = home.oos(&["trigger", "fire", &own, "-o", "json"]).json(0);
    assert_eq!(
        show(&home, of(&by_hand, "ExecutionId"))["Tasks"][1]["TaskName"],
        "doze"
    );
}

#[test]
fn a_broken_calendar_is_reported_and_the_one_before_stays_in_force() {
    let home = Home::new();
    let text = "- {Name: freeze, From: 2020-01-01T00:00:00Z, To: 2099-01-01T00:00:00Z}\n";
    let calendar = home.file("freeze.yml", text);
    let template = ticking(&home, "Blackout: skip", "PT1S");
    home.oos(&["run", &template]).data(0);
    let daemon = Daemon::start(&home, &["--calendar", calendar.to_str().unwrap()]);
    let log = || {
        let mut all = String::new();
        for entry in std::fs::read_dir(home.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "log") {
                all += &std::fs::read_to_string(path).unwrap();
            }
        }
        all
    };
    home.file("freeze.yml", "- {Name: [}\n");
    daemon.signal(Signal::SIGHUP);
    until("it is reported", || {
        log().contains("from before stay in force")
    });
    until("the blackout is in force", || {
        history(&home, "tick")
            .iter()
            .any(|firing| firing["Cause"] == "Blackout")
    });
    assert!(
        history(&home, "tick")
            .iter()
            .all(|firing| firing["ExecutionId"].is_null())
    );
    home.file("freeze.yml", "[]\n");
    daemon.signal(Signal::SIGHUP);
    until("the blackout is over", || {
        history(&home, "tick")
            .iter()
            .any(|firing| firing["ExecutionId"].is_string())
    });
    daemon.stop();
}

#[test]
fn a_template_without_a_trigger_gets_one() {
    let home = Home::new();
    let template = home.file("nap.yml", NAP);
    let create = [
        "trigger",
        "create",
        template.to_str().unwrap(),
        "--name",
        "nightly",
        "--cron",
        "0 0 3 ? * MON-FRI",
        "--time-zone",
        "Europe/Berlin",
        "--missed",
        "once",
        "--overlap",
        "skip",
    ];
    home.oos(&create).data(0);
    let listed = home.oos(&["trigger", "list", "-o", "json"]).json(0);
    assert_eq!(listed[0]["TemplateName"], "nightly");
    assert_eq!(listed[0]["Settings"]["Missed"], "once");
    let fired = home
        .oos(&["trigger", "fire", "nightly", "-o", "json"])
        .json(0);
    assert_eq!(fired["Status"], "Success");
    let broken = home.oos(&[
        "trigger",
        "create",
        template.to_str().unwrap(),
        "--cron",
        "0 0 3 31 2 ?",
    ]);
    assert_eq!(broken.code, 2, "{}", broken.stderr);
    assert!(broken.stderr.contains("never fires"), "{}", broken.stderr);
    let wrong = home.oos(&[
        "trigger",
        "create",
        template.to_str().unwrap(),
        "--rate",
        "1 hours",
        "--overlap",
        "x",
    ]);
    assert_ne!(wrong.code, 0);
    assert!(wrong.stderr.contains("Overlap"), "{}", wrong.stderr);
}

#[test]
fn times_to_come_are_shown_with_all_that_happens_to_them() {
    let home = Home::new();
    let next = |extra: &[&str]| {
        let mut arguments = vec![
            "trigger",
            "next",
            "--time-zone",
            "Europe/Berlin",
            "--from",
            "2026-03-27T12:00:00Z",
            "--count",
        ];
        arguments.extend(extra);
        home.oos(&arguments)
    };
    let shown = next(&["4", "--cron", "0 30 2 * * ?"]);
    insta::assert_snapshot!(shown.data(0));
    let many = next(&["1000", "--cron", "0 */15 * * * *", "-o", "json"]).json(0);
    assert_eq!(many["Times"].as_array().unwrap().len(), 1000);
    assert_eq!(
        many["MissedNight"]
            .as_object()
            .unwrap()
            .values()
            .map(|n| n.as_u64().unwrap())
            .sum::<u64>(),
        48
    );
}
