//! What people say to executions that wait.

use crate::support::oos::{Home, assert_ran};

const PAUSING: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: ask
    Action: ACS::Pause
  - Name: regions
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeRegions}
";

const FAILING: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: stop
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: StopInstance, Parameters: {InstanceId: i-nothing}}
";

fn waiting(text: &str, options: &[&str]) -> Home {
    let home = Home::new();
    home.file("waiting.yml", text);
    let ran = home.oos(&[&["run", "waiting.yml", "--no-wait"], options].concat());
    assert_eq!(ran.code, 4, "{ran}");
    home
}

#[test]
fn without_waiting_a_run_leaves_with_4_and_says_how_to_go_on() {
    let home = Home::new();
    home.file("waiting.yml", PAUSING);
    assert_ran!(
        "signal_waiting",
        home.oos(&["run", "waiting.yml", "--no-wait"])
    );
}

#[test]
fn show_names_what_is_waited_for() {
    let home = waiting(PAUSING, &[]);
    assert_ran!("signal_show", home.oos(&["show", "@last"]));
}

#[test]
fn approving_and_resuming_leads_to_success() {
    let home = waiting(PAUSING, &[]);
    let ran = home.oos(&["approve", "@last", "--note", "looks good"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("oos resume exec-"), "{ran}");
    assert_eq!(home.oos(&["resume", "@last"]).code, 0);
}

#[test]
fn resuming_tells_only_what_is_new() {
    let home = waiting(PAUSING, &[]);
    assert_eq!(home.oos(&["approve", "@last"]).code, 0);
    assert_ran!("signal_resumed", home.oos(&["resume", "@last"]));
    let again = home.oos(&["resume", "@last"]);
    assert_eq!(again.code, 0);
    assert!(again.stderr.contains("has ended already"), "{again}");
}

#[test]
fn rejecting_cancels_and_ends_with_3() {
    let home = waiting(PAUSING, &[]);
    let ran = home.oos(&["reject", "@last", "--resume"]);
    assert_eq!(ran.code, 3, "{ran}");
}

#[test]
fn a_failed_task_can_be_skipped() {
    let home = waiting(FAILING, &["--mode", "failure-pause"]);
    let ran = home.oos(&["skip", "@last", "--resume"]);
    assert_eq!(ran.code, 0, "{ran}");
}

#[test]
fn an_execution_that_waits_can_be_completed_with_a_status() {
    let home = waiting(FAILING, &["--mode", "failure-pause"]);
    let ran = home.oos(&["complete", "@last", "--status", "failed", "--resume"]);
    assert_eq!(ran.code, 1, "{ran}");
}

#[test]
fn what_has_ended_takes_no_signals() {
    let home = waiting(PAUSING, &[]);
    assert_eq!(home.oos(&["cancel", "@last", "--resume"]).code, 3);
    let ran = home.oos(&["approve", "@last"]);
    assert_eq!(ran.code, 1);
    assert_ran!("signal_ended", ran);
}

#[test]
fn a_cancel_is_for_the_execution_that_is_named_although_its_child_waits() {
    let home = Home::new();
    home.file(
        "outer.yml",
        "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: each
    Action: ACS::Loop
    Properties: {LoopItems: [1, 2], LoopTasks: [{Name: ask, Action: 'ACS::Pause'}]}
",
    );
    assert_eq!(home.oos(&["run", "outer.yml", "--no-wait"]).code, 4);
    assert_eq!(home.oos(&["cancel", "@last"]).code, 0);
    assert_eq!(home.oos(&["resume", "@last", "--no-wait"]).code, 3);
    let all = home.oos(&["-o", "json", "list", "--children"]).json(0);
    let statuses: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|found| &found["Status"])
        .collect();
    assert_eq!(statuses, ["Cancelled", "Cancelled"]);
}
