//! `oos run` and `oos plan`.

use serde_json::json;

use crate::support::oos::{Home, assert_ran};

const HELLO: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  name: {Type: String}
  count: {Type: Number, Default: 2}
  password: {Type: String, NoEcho: true, Default: hunter22}
Tasks:
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT1S}
  - Name: regions
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeRegions}
    Loop: {Items: [a, b]}
Outputs:
  greeting: {Type: String, Value: 'hello {{ name }}'}
  count: {Type: Number, Value: '{{ count }}'}
";

const FAILING: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: stop
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: StopInstance, Parameters: {InstanceId: i-nothing}}
";

#[test]
fn a_pipe_gets_a_line_a_change_and_the_result() {
    let home = Home::new();
    home.file("hello.yml", HELLO);
    let ran = home.oos(&["run", "hello.yml", "-p", "name=you"]);
    assert_eq!(ran.code, 0);
    assert_ran!("run_lines", ran);
}

#[test]
fn json_is_one_object_with_the_names_of_oos() {
    let home = Home::new();
    home.file("hello.yml", HELLO);
    home.file("parameters.yml", "name: you\ncount: 1\n");
    let ran = home.oos(&[
        "-o",
        "json",
        "run",
        "hello.yml",
        "--parameters",
        "parameters.yml",
        "-p",
        "count=3",
        "--tag",
        "team=blue",
    ]);
    let view = ran.json(0);
    assert_eq!(view["TemplateName"], "hello");
    assert_eq!(view["Status"], "Success");
    assert_eq!(
        view["Outputs"],
        json!({"greeting": "hello you", "count": 3})
    );
    assert_eq!(view["Parameters"]["password"], "******");
    assert_eq!(view["Tags"], json!({"team": "blue"}));
    assert_eq!(view["Tasks"][1]["TaskName"], "regions");
    assert_eq!(view["Tasks"][1]["TaskAction"], "ACS::ExecuteAPI");
    assert_eq!(view["Tasks"][1]["Loop"]["Success"], 2);
    assert_eq!(ran.stderr, "");
}

#[test]
fn tasks_of_children_are_named_after_the_task_that_started_them() {
    let home = Home::new();
    home.file(
        "books/ACS::MY::Hello.yml",
        &HELLO.replace("{Type: String}", "{Type: String, Default: you}"),
    );
    home.file(
        "parent.yml",
        "FormatVersion: OOS-2019-06-01\nTasks:\n  - {Name: greet, Action: 'ACS::MY::Hello'}\n",
    );
    let ran = home.oos(&["--library", "books", "run", "parent.yml"]);
    assert_eq!(ran.code, 0);
    assert_ran!("run_child", ran);
}

#[test]
fn a_failed_execution_ends_with_1_and_says_why() {
    let home = Home::new();
    home.file("failing.yml", FAILING);
    let ran = home.oos(&["run", "failing.yml"]);
    assert_eq!(ran.code, 1);
    assert_ran!("run_failed", ran);
}

#[test]
fn a_template_with_errors_is_not_started() {
    let home = Home::new();
    home.file(
        "wrong.yml",
        "FormatVersion: OOS-2019-06-01\nTasks: [{Name: a}]\n",
    );
    let ran = home.oos(&["run", "wrong.yml"]);
    assert_eq!(ran.code, 2);
    assert_ran!("run_invalid", ran);
    assert_eq!(home.oos(&["-o", "json", "list"]).json(0), json!([]));
}

#[test]
fn parameters_that_do_not_fit_are_all_named() {
    let home = Home::new();
    home.file("hello.yml", HELLO);
    let ran = home.oos(&["run", "hello.yml", "-p", "nme=x", "-p", "count=many"]);
    assert_eq!(ran.code, 2);
    assert_ran!("run_parameters", ran);
}

#[test]
fn a_template_that_is_not_known_is_refused_with_the_nearest() {
    let ran = Home::new().oos(&["run", "update-imag"]);
    assert_eq!(ran.code, 2);
    assert_ran!("run_unknown", ran);
}

#[test]
fn apis_that_nobody_serves_are_named_before_anything_runs() {
    let home = Home::new();
    home.file(
        "far.yml",
        "FormatVersion: OOS-2019-06-01\n\
         Tasks:\n  - Name: far\n    Action: ACS::ExecuteAPI\n    \
         Properties: {Service: RDS, API: DescribeDBInstances}\n",
    );
    let ran = home.oos(&["run", "far.yml"]);
    assert_eq!(ran.code, 2);
    assert_ran!("run_unserved", ran);
}

#[test]
fn a_secret_on_the_command_line_is_warned_about_and_never_shown() {
    let home = Home::new();
    home.file("hello.yml", HELLO);
    let ran = home.oos(&[
        "run",
        "hello.yml",
        "-p",
        "name=x",
        "-p",
        "password=swordfish",
    ]);
    assert!(ran.stderr.contains("`password` is secret"), "{ran}");
    let everything = [
        ran.data(0).to_owned(),
        home.oos(&["-o", "json", "show", "@last"])
            .data(0)
            .to_owned(),
        home.oos(&["-o", "json", "events", "@last"])
            .data(0)
            .to_owned(),
    ];
    assert!(!everything.concat().contains("swordfish"));
}

#[test]
fn a_detached_run_goes_on_without_its_terminal() {
    let home = Home::new();
    home.file("hello.yml", HELLO);
    let ran = home.oos(&["run", "hello.yml", "-p", "name=x", "--detach"]);
    let id = ran.data(0).trim();
    assert!(
        ran.stderr.contains(&format!("oos logs {id} --follow")),
        "{ran}"
    );
    // Following returns when the execution has ended.
    assert_eq!(home.oos(&["logs", id, "--follow"]).code, 0);
    assert_eq!(
        home.oos(&["-o", "json", "show", id]).json(0)["Status"],
        "Success"
    );
}

#[test]
fn a_plan_names_calls_and_items_and_starts_nothing() {
    let home = Home::new();
    home.file("hello.yml", HELLO);
    let ran = home.oos(&["plan", "hello.yml", "-p", "name=you"]);
    assert_eq!(ran.code, 0);
    assert_ran!("plan", ran);
    assert_eq!(home.oos(&["-o", "json", "list"]).json(0), json!([]));
}
