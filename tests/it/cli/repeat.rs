//! `oos run --from` and `oos retry --failed`.

use crate::support::oos::{Home, Ran};

/// Fails at its second task: there is no such instance.
const FAILING: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  who: {Type: String, AllowedPattern: '[a-z]+'}
  password: {Type: String, NoEcho: true, Default: nothing-much}
Tasks:
  - Name: first
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeRegions}
    Outputs: {region: {Type: String, ValueSelector: '.Regions.Region[0].RegionId'}}
  - Name: stop
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: StopInstance, Parameters: {InstanceId: i-nothing}}
Outputs:
  who: {Type: String, Value: '{{ who }}'}
  region: {Type: String, Value: '{{ first.region }}'}
";

const PAUSING: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - {Name: ask, Action: 'ACS::Pause'}
";

/// A home in which a run has failed.
fn failed() -> Home {
    let home = Home::new();
    home.file("failing.yml", FAILING);
    home.file("parameters.yml", "who: ann\npassword: hunter22\n");
    let run = [
        "run",
        "failing.yml",
        "--parameters",
        "parameters.yml",
        "--tag",
        "team=blue",
    ];
    assert_eq!(home.oos(&run).code, 1);
    home
}

fn show(home: &Home, id: &str) -> serde_json::Value {
    home.oos(&["-o", "json", "show", id]).json(0)
}

fn id(view: &serde_json::Value) -> &str {
    view["ExecutionId"].as_str().unwrap()
}

#[track_caller]
fn refused(ran: &Ran, code: i32, words: &str) {
    assert_eq!(ran.code, code, "{ran}");
    assert!(ran.stderr.contains(words), "{ran}");
}

#[test]
fn a_run_from_another_has_its_template_and_parameters_but_for_those_given() {
    let home = failed();
    let first = show(&home, "@last");
    // What the file has become since is of no matter.
    home.file("failing.yml", PAUSING);
    assert_eq!(
        home.oos(&["run", "--from", "@last", "-p", "WHO=bob"]).code,
        1
    );
    let second = show(&home, "@last");
    assert_ne!(id(&first), id(&second));
    assert_eq!(second["TemplateName"], "failing");
    assert_eq!(second["Parameters"]["who"], "bob");
    assert_eq!(second["Parameters"]["password"], "******");
    assert_eq!(second["Tags"]["team"], "blue");
    assert_eq!(second["RepeatsExecutionId"], id(&first));
    assert_eq!(show(&home, id(&first))["RepeatedBy"][0], id(&second));
    let text = home.oos(&["show", "@last"]);
    assert!(text.data(0).contains("Repeats"), "{text}");
    let unfit = home.oos(&["run", "--from", "@last", "-p", "who=B0B"]);
    refused(&unfit, 2, "who");
    let unknown = home.oos(&["run", "--from", "@last", "-p", "when=now"]);
    refused(&unknown, 2, "when");
}

#[test]
fn secrets_are_taken_over_without_being_shown() {
    let home = failed();
    assert_eq!(home.oos(&["run", "--from", "@last"]).code, 1);
    for arguments in [["show", "@last"], ["events", "@last"], ["audit", "list"]] {
        let ran = home.oos(&arguments);
        assert!(!ran.data(0).contains("hunter22"), "{ran}");
    }
    for file in std::fs::read_dir(home.path().join("data")).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let found = bytes.windows(8).any(|part| part == b"hunter22");
        assert!(!found, "{}", path.display());
    }
    // A template in which it is no secret does not get it.
    home.file(
        "open.yml",
        &FAILING.replace(", NoEcho: true, Default: nothing-much", ""),
    );
    let ran = home.oos(&["run", "open.yml", "--from", "@last"]);
    refused(&ran, 2, "password");
}

#[test]
fn a_secret_that_was_changed_meanwhile_stays_secret_in_what_is_taken_over() {
    let home = Home::new();
    let text = FAILING.replace(
        "Outputs: {region",
        "Outputs: {told: {Type: String, ValueSelector: '\"{{ oos-secret:db }}\"'}, region",
    );
    home.file("failing.yml", &text);
    let set = |value: &str| {
        let path = home.file("value", value).display().to_string();
        assert_eq!(
            home.oos(&["secret", "set", "db", "--value-file", &path])
                .code,
            0
        );
    };
    set("swordfish-1");
    assert_eq!(home.oos(&["run", "failing.yml", "-p", "who=ann"]).code, 1);
    set("swordfish-2");
    std::fs::remove_file(home.path().join("value")).unwrap();
    assert_eq!(home.oos(&["retry", "@last", "--failed"]).code, 1);
    let tasks = home.oos(&["-o", "json", "tasks", "@last"]).json(0);
    assert_eq!(tasks[0]["Outputs"]["told"], "******", "{tasks:#}");
    for arguments in [["show", "@last"], ["events", "@last"], ["audit", "list"]] {
        let ran = home.oos(&arguments);
        assert!(!ran.data(0).contains("swordfish"), "{ran}");
    }
    for file in std::fs::read_dir(home.path().join("data")).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let found = bytes.windows(9).any(|part| part == b"swordfish");
        assert!(!found, "{}", path.display());
    }
}

#[test]
fn a_run_from_another_may_have_another_template() {
    let home = failed();
    let other = FAILING.replace(
        "StopInstance, Parameters: {InstanceId: i-nothing}",
        "DescribeRegions",
    );
    home.file("other.yml", &other);
    let view = home
        .oos(&["-o", "json", "run", "other.yml", "--from", "@last"])
        .json(0);
    assert_eq!(view["Outputs"]["who"], "ann");
    refused(&home.oos(&["run"]), 2, "TEMPLATE");
}

#[test]
fn what_failed_goes_on_in_a_new_execution_once() {
    let home = failed();
    let first = show(&home, "@last");
    let retry = home.oos(&["retry", id(&first), "--failed", "--note", "again"]);
    assert_eq!(retry.code, 1, "{retry}");
    assert!(retry.stderr.contains("does what is left of"), "{retry}");
    let second = show(&home, "@last");
    assert_eq!(second["RepeatsExecutionId"], id(&first));
    assert_eq!(second["RepeatsOnlyRest"], true);
    assert_eq!(second["RepeatNote"], "again");
    assert_eq!(second["Parameters"], first["Parameters"]);
    assert_eq!(
        second["Outputs"], first["Outputs"],
        "of the task that did not run again"
    );
    let events = home.oos(&["events", "@last"]);
    assert!(events.data(0).contains("TaskTaken"), "{events}");
    assert_eq!(events.stdout.matches("UnitStarted").count(), 1, "{events}");
    // The first one stays as it was, and its rest is done by one execution only.
    assert_eq!(show(&home, id(&first))["Status"], "Failed");
    let twice = home.oos(&["retry", id(&first), "--failed"]);
    refused(&twice, 1, id(&second));
    assert_eq!(home.oos(&["retry", "@last", "--failed"]).code, 1);
    let started = home.oos(&["-o", "json", "audit", "list", "@last"]).json(0);
    assert_eq!(started[0]["Detail"]["repeats"], id(&second));
    assert_eq!(home.oos(&["store", "check"]).code, 0);
    assert_eq!(home.oos(&["store", "rebuild"]).code, 0);
    refused(&home.oos(&["retry", id(&second), "--failed"]), 1, "exec-");
}

#[test]
fn what_has_not_failed_is_not_gone_on_with() {
    let home = Home::new();
    home.file("pausing.yml", PAUSING);
    assert_eq!(home.oos(&["run", "pausing.yml", "--no-wait"]).code, 4);
    let waiting = home.oos(&["retry", "@last", "--failed"]);
    refused(&waiting, 1, "has not ended");
    assert_eq!(home.oos(&["approve", "@last", "--resume"]).code, 0);
    refused(&home.oos(&["retry", "@last", "--failed"]), 1, "ended well");
    // What goes on may be run again from its beginning all the same.
    assert_eq!(home.oos(&["run", "pausing.yml", "--no-wait"]).code, 4);
    assert_eq!(home.oos(&["run", "--from", "@last", "--no-wait"]).code, 4);
}

#[test]
fn a_pause_on_failure_is_answered_with_other_properties_and_recorded_with_who_and_why() {
    let home = Home::new();
    home.file("failing.yml", FAILING);
    let run = [
        "run",
        "failing.yml",
        "-p",
        "who=ann",
        "--mode",
        "failure-pause",
        "--no-wait",
    ];
    assert_eq!(home.oos(&run).code, 4);
    home.file("properties.yml", "Parameters: {InstanceId: i-other}\n");
    let again = [
        "retry",
        "@last",
        "--failed",
        "--properties",
        "properties.yml",
        "--note",
        "the other one",
    ];
    assert_eq!(home.oos(&again).code, 0);
    assert_eq!(home.oos(&["resume", "@last", "--no-wait"]).code, 4);
    let other = [
        "retry",
        "@last",
        "-p",
        "api=DescribeRegions",
        "--note",
        "read only",
        "--resume",
    ];
    assert_eq!(home.oos(&other).code, 0);
    let events = home.oos(&["events", "@last"]);
    for words in ["i-other", "the other one", "DescribeRegions", "read only"] {
        assert!(events.data(0).contains(words), "{words}: {events}");
    }
    let records = home.oos(&["-o", "json", "audit", "list", "@last"]).json(0);
    let done: Vec<_> = records
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            (
                record["Action"].as_str().unwrap(),
                &record["Detail"]["note"],
            )
        })
        .collect();
    let note = |text: &str| serde_json::Value::from(text);
    assert_eq!(
        done[1..],
        [
            ("retried", &note("the other one")),
            ("retried", &note("read only"))
        ]
    );
}

#[test]
fn of_what_has_ended_no_single_task_is_chosen() {
    let home = failed();
    let task = home.oos(&["retry", "@last", "--failed", "--task", "stop"]);
    refused(&task, 2, "has ended");
    let property = home.oos(&["retry", "@last", "--failed", "-p", "API=DescribeRegions"]);
    refused(&property, 2, "--from");
}
