//! `oos list`, `show`, `tasks`, `events`, and the ways to name an execution.

use crate::support::oos::{Home, assert_ran};

const LOOP: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: look
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: DescribeInstanceAttribute
      Parameters: {InstanceId: '{{ ACS::TaskLoopItem }}'}
    Loop:
      Items: [i-one, i-two]
      RateControl: {Mode: Concurrency, Concurrency: 1, MaxErrors: 2}
";

fn filled() -> Home {
    let home = Home::new();
    home.file("look.yml", LOOP);
    assert_eq!(home.oos(&["run", "look.yml", "--tag", "n=1"]).code, 0);
    assert_eq!(home.oos(&["run", "look.yml", "--tag", "n=2"]).code, 0);
    home
}

#[test]
fn executions_and_their_tasks_are_listed() {
    let home = filled();
    assert_ran!("list", home.oos(&["list"]));
    assert_ran!("show", home.oos(&["show", "@last"]));
    assert_ran!("tasks", home.oos(&["tasks", "@last", "--items"]));
    let events = home.oos(&["events", "@last"]);
    assert!(events.data(0).contains("ExecutionEnded"), "{events}");
}

#[test]
fn lists_can_be_narrowed() {
    let home = filled();
    let count = |arguments: &[&str]| {
        let list = home
            .oos(&[&["-o", "json", "list"], arguments].concat())
            .json(0);
        list.as_array().unwrap().len()
    };
    assert_eq!(count(&[]), 2);
    assert_eq!(count(&["--tag", "n=1"]), 1);
    assert_eq!(count(&["--status", "failed"]), 0);
    assert_eq!(count(&["--template", "LOOK"]), 2);
    assert_eq!(count(&["--limit", "1"]), 1);
    assert_eq!(count(&["--since", "1h"]), 2);
}

#[test]
fn an_empty_list_says_so() {
    let ran = Home::new().oos(&["list"]);
    assert_eq!(ran.data(0), "");
    assert_eq!(ran.stderr, "There are no such executions.\n");
}

#[test]
fn executions_are_named_by_any_unique_beginning() {
    let home = filled();
    let list = home.oos(&["-o", "json", "list"]).json(0);
    let newest = list[0]["ExecutionId"].as_str().unwrap();
    let shown = |text: &str| {
        let view = home.oos(&["-o", "json", "show", text]).json(0);
        view["ExecutionId"].as_str().unwrap().to_owned()
    };
    assert_eq!(shown("@last"), newest);
    assert_eq!(shown(newest), newest);
    assert_eq!(shown(&newest[..newest.len() - 1]), newest);
    assert_eq!(shown(&newest["exec-".len()..].to_uppercase()), newest);
    let ran = home.oos(&["show", "exec-0"]);
    assert_eq!(ran.code, 2);
    assert_ran!("id_ambiguous", ran);
}

#[test]
fn an_execution_that_is_not_there_is_a_usage_error() {
    let home = Home::new();
    let ran = home.oos(&["show", "exec-zzz"]);
    assert_eq!(ran.code, 2);
    assert_ran!("id_unknown", ran);
    assert_eq!(home.oos(&["show", "@last"]).code, 2);
}
